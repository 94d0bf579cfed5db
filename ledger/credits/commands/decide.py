"""A verifier's decision: made once, hashed, and the reason why credits may be issued."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.credits import rules
from ledger.credits.models import CarriedFraction, Credit, Verification
from ledger.credits.verdict import decision_record
from ledger.events import record
from ledger.kernel.errors import Conflict, InsufficientPermissions, InvalidInput, NotFound
from ledger.kernel.units import MG_PER_KG, Kg
from ledger.records import record_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a verifier concludes."""

    approved: bool
    confidence: Decimal
    """0 to 1."""
    kg: Kg | None = None
    """What is approved; all that was claimed where it is not said."""
    notes: str | None = None


async def decide(
    session: AsyncSession, verifier: Account, verification_id: str, decision: Decision, moment: datetime
) -> Verification:
    """Approves a claim, in full or in part, or rejects it. What is claimed beyond the approval is not issued.

    Nor is it carried on: what was not found to be saved has no fraction either.

    Raises:
        InsufficientPermissions: the account verifies nothing.
        NotFound: there is no such verification assigned to it.
        InvalidInput: a confidence that is none, or more approved than was claimed.
        Conflict: it was decided before.
    """
    if verifier.kind != "verifier":
        raise InsufficientPermissions("Only the verifier that a claim is assigned to decides it.")
    verification, credit, claimant = await _lock(session, verifier, verification_id)
    if verification.status != "submitted":
        raise Conflict(f"This claim was {verification.status} before.", decision=verification.status)
    if not 0 <= decision.confidence <= 1:
        raise InvalidInput("A confidence is 0 to 1.", field="confidence")
    if decision.approved:
        credit.status, credit.verified_kg = "verified", _approved_kg(decision, credit)
    else:
        credit.status, credit.verified_kg = "rejected", None
    if credit.verified_kg != credit.claimed_kg:
        await _take_back_fraction(session, credit)
    verification.status = "approved" if decision.approved else "rejected"
    verification.confidence, verification.notes = decision.confidence, decision.notes
    verification.decided_at = moment
    verification.record_hash = record_hash(decision_record(credit, verification, claimant, verifier.public_id))
    await session.flush()
    record(
        session,
        "credit.verified",
        credit.credit_id,
        {
            "creditId": credit.credit_id,
            "userId": claimant,
            "verifierId": verifier.public_id,
            "decision": verification.status,
            "kg": int(credit.verified_kg or 0),
            "recordHash": f"sha256:{verification.record_hash.hex()}",
        },
    )
    return verification


async def _lock(session: AsyncSession, verifier: Account, verification_id: str) -> tuple[Verification, Credit, str]:
    """The verification and its claim, locked, and the claimant's public id."""
    found = (
        await session.execute(
            select(Verification, Credit, Account.public_id)
            .join(Credit, Credit.credit_id == Verification.credit_id)
            .join(Account, Account.account_id == Verification.claimant_account_id)
            .where(
                Verification.verification_id == verification_id,
                Verification.verifier_account_id == verifier.account_id,
            )
            .with_for_update(of=(Verification, Credit))
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"No verification {verification_id} is assigned to you.", verificationId=verification_id)
    return found[0], found[1], found[2]


def _approved_kg(decision: Decision, credit: Credit) -> Kg:
    kg = credit.claimed_kg if decision.kg is None else decision.kg
    if kg > credit.claimed_kg:
        raise InvalidInput(
            f"{credit.claimed_kg.tonnes} t were claimed; at most that can be approved.",
            field="amount",
            claimed=credit.claimed_kg.tonnes,
        )
    rules.check_size(rules.known_source(credit.source), kg)
    return kg


async def _take_back_fraction(session: AsyncSession, credit: Credit) -> None:
    """Undoes what a claim that was rejected, or cut, did to what is carried.

    Its fraction goes, what it had taken along comes back: that was less than a kilogram, and at least one was cut off,
    so what is left of the claim is its own saving.
    """
    carried = (
        await session.execute(
            select(CarriedFraction)
            .where(CarriedFraction.account_id == credit.account_id, CarriedFraction.source == credit.source)
            .with_for_update()
        )
    ).scalar_one()
    carried.carried_mg += int(credit.claimed_kg) * MG_PER_KG - int(credit.saved_mg)
