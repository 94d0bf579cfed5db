"""Claiming saved emissions: the saving is worked out, whole kilograms are claimed, a verifier is assigned."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.credits import rules
from ledger.credits.errors import EvidenceUsed, InvalidClaim, NoVerifierAvailable
from ledger.credits.models import CarriedFraction, Credit
from ledger.db.sequences import next_id
from ledger.events import record
from ledger.footprint import shipped, unit_named
from ledger.kernel.ids import IdKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody says that they saved."""

    source: str
    description: str
    quantity: Decimal
    """In the unit that the source counts: kWh, km, kg, trees and years."""
    occurred_at: datetime
    proof: str | None = None
    """Where the evidence is; the same evidence is never claimed twice."""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    factor_id: str | None = None
    """For energy_efficiency: the emission factor of the energy that was not used."""
    region: str | None = None
    """For energy_efficiency without a factor: whose grid it was not drawn from; else the country's."""


@dataclass(frozen=True, slots=True)
class Earned:
    """A claim that waits for its verifier."""

    credit: Credit
    verifier: str
    """The assigned verifier's public id."""
    carried_kg: Decimal
    """What is carried on to the next claim of the source, in kg."""


async def earn(session: AsyncSession, claimant: Account, claim: Claim, moment: datetime) -> Earned:
    """Claims whole kilograms; what is left below one is carried to the account's next claim of the source.

    Raises:
        InvalidCreditSource: a source that the standard does not know.
        InvalidClaim: something that cannot be true, or a credit out of bounds; nothing is kept of the claim.
        UnknownFactor, NoFactor: no such factor, or none for the region.
        EvidenceUsed: the proof stands for another claim.
        NoVerifierAvailable: there is nobody to decide it.
    """
    source = rules.known_source(claim.source)
    rules.check_occurred(claim.occurred_at, moment)
    rules.check_place(claim.latitude, claim.longitude)
    country = rules.known_country(claim.country)
    saving = _saving(source, claim)
    saved = rules.saved_down(claim.quantity, saving)
    verifier = await _least_loaded_verifier(session, claimant)
    carried = await _lock_carried(session, claimant, source)
    kg, carried_on_mg = rules.whole_kg_down(saved, carried.carried_mg)
    rules.check_size(source, kg)
    credit = await _insert(
        session,
        credit_id=await next_id(session, IdKind.CREDIT, moment),
        account_id=claimant.account_id,
        source=source,
        description=claim.description,
        quantity=claim.quantity,
        unit=saving.unit,
        saved_mg=saved,
        claimed_kg=kg,
        basis=_basis(saving, carried.carried_mg),
        proof=claim.proof,
        latitude=claim.latitude,
        longitude=claim.longitude,
        country=country,
        occurred_at=claim.occurred_at,
        status="pending_verification",
        verifier_account_id=verifier.account_id,
    )
    carried.carried_mg = carried_on_mg
    record(
        session,
        "credit.earned",
        credit.credit_id,
        {"creditId": credit.credit_id, "userId": claimant.public_id, "source": source, "kg": int(kg)},
    )
    return Earned(credit, verifier.public_id, rules.exact_kg(carried_on_mg))


def _saving(source: rules.Source, claim: Claim) -> rules.Saving:
    if source in rules.SAVINGS:
        return rules.SAVINGS[source]
    kwh = unit_named("kWh")
    if claim.factor_id is None:
        factor = shipped().find("electricity", kwh, claim.region or claim.country)
    else:
        factor = shipped().by_id(claim.factor_id)
    if (factor.unit.dimension, factor.unit.size) != (kwh.dimension, kwh.size):
        raise InvalidClaim(f"Factor {factor.factor_id} counts no kilowatt-hours; name one that does.", field="factorId")
    return rules.grid_saving(factor.factor_id, factor.co2e_kg_per_unit, factor.source, factor.edition)


def _basis(saving: rules.Saving, brought_mg: int) -> dict[str, Any]:
    """How the claim came about, in what JSON keeps exactly."""
    return {
        "action": saving.action,
        "kgPerUnit": str(saving.kg_per_unit),
        "factorId": saving.factor_id,
        "reference": saving.reference,
        "edition": saving.edition,
        "carriedInMg": brought_mg,
    }


async def _least_loaded_verifier(session: AsyncSession, claimant: Account) -> Account:
    """The verifier with the fewest undecided claims who can sign an issuance, and is not the claimant."""
    undecided = (
        select(func.count())
        .where(Credit.verifier_account_id == Account.account_id, Credit.status == "pending_verification")
        .scalar_subquery()
    )
    verifier = (
        await session.execute(
            select(Account)
            .where(
                Account.kind == "verifier",
                Account.wallet.is_not(None),
                Account.custody_index.is_not(None),
                Account.account_id != claimant.account_id,
            )
            .order_by(undecided, Account.account_id)
            .limit(1)
        )
    ).scalar_one_or_none()
    if verifier is None:
        raise NoVerifierAvailable("Nobody can verify claims here yet; ask the operator to register a verifier.")
    return verifier


async def _lock_carried(session: AsyncSession, claimant: Account, source: rules.Source) -> CarriedFraction:
    """What earlier claims of the source left over, locked until the transaction ends."""
    key = {"account_id": claimant.account_id, "source": source}
    await session.execute(insert(CarriedFraction).values(**key, carried_mg=0).on_conflict_do_nothing())
    return (await session.execute(select(CarriedFraction).filter_by(**key).with_for_update())).scalar_one()


async def _insert(session: AsyncSession, **values: Any) -> Credit:
    """The claim's row. A concurrent claim with the same evidence is waited for."""
    inserted = await session.execute(
        insert(Credit).values(**values).on_conflict_do_nothing(index_elements=[Credit.proof]).returning(Credit)
    )
    credit = inserted.scalar_one_or_none()
    if credit is None:
        raise EvidenceUsed("This proof stands for a claim already; the same saving is claimed once.", field="proof")
    return credit
