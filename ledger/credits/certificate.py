"""What a retirement's certificate says. It speaks of confirmed retirements only, so what it says never changes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import public_ids
from ledger.chain import Intent
from ledger.chain.models import Chain, Deployment
from ledger.credits.mirror_models import CreditBatch, RetiredCredits
from ledger.credits.models import Retirement
from ledger.credits.rules import period_text, reason_text
from ledger.kernel.errors import NotFound
from ledger.kernel.units import Kg


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchShare:
    """What one batch gave to a retirement."""

    source: str
    vintage: int
    """The calendar year in which the emissions were saved."""
    verifier: str
    """The verifier's public id, or its address where it is no account of ours."""
    level: int
    country: str
    kg: Kg


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A confirmed retirement. Nothing personal beside the name that the retirer chose to show."""

    retirement_id: str
    kg: Kg
    retired_at: datetime
    """The time of the block."""
    reason: str
    period: str | None
    beneficiary: str | None
    batches: tuple[BatchShare, ...]
    network: str
    chain_id: int
    contract: bytes
    transaction_hash: bytes
    block_number: int
    ref: bytes
    commitment: bytes
    opening: tuple[bytes, bytes] | None
    """Nonce and salt, with which anybody can check the shown name against the commitment; None where none is shown."""


async def certificate(session: AsyncSession, retirement_id: str) -> Certificate:
    """The certificate of a retirement.

    Raises:
        NotFound: there is no such retirement, or the chain has not confirmed it yet.
    """
    row = (
        await session.execute(
            select(Retirement, RetiredCredits, Chain.network, Deployment.address)
            .join(Intent, Intent.intent_id == Retirement.intent_id)
            .join(RetiredCredits, (RetiredCredits.chain_id == Intent.chain_id) & (RetiredCredits.ref == Retirement.ref))
            .join(Chain, Chain.chain_id == Intent.chain_id)
            .join(Deployment, Deployment.chain_id == Intent.chain_id)
            .where(
                Retirement.retirement_id == retirement_id,
                Intent.status == "confirmed",
                Deployment.name == "CarbonCredit",
                Deployment.is_main,
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no confirmed retirement {retirement_id}; a new one has its certificate once it is confirmed.",
            retirementId=retirement_id,
        )
    retirement, retired, network, contract = row
    return Certificate(
        retirement_id=retirement_id,
        kg=retired.kg,
        retired_at=retired.block_time,
        reason=reason_text(retired.reason),
        period=period_text(retired.period),
        beneficiary=retirement.beneficiary,
        batches=await _shares(session, retired),
        network=network,
        chain_id=retired.chain_id,
        contract=contract,
        transaction_hash=retired.transaction_hash,
        block_number=retired.block_number,
        ref=retired.ref,
        commitment=retired.commitment,
        opening=(retirement.nonce, retirement.salt) if retirement.beneficiary else None,
    )


async def _shares(session: AsyncSession, retired: RetiredCredits) -> tuple[BatchShare, ...]:
    """The batches that the chain drew from, in its order."""
    drawn = [(bytes.fromhex(each["batchId"].removeprefix("0x")), Kg(int(each["kg"]))) for each in retired.batches]
    rows = await session.execute(
        select(CreditBatch).where(
            CreditBatch.chain_id == retired.chain_id, CreditBatch.batch_id.in_([batch_id for batch_id, _ in drawn])
        )
    )
    batches = {batch.batch_id: batch for batch in rows.scalars()}
    names = await public_ids(session, {batch.verifier for batch in batches.values()})
    return tuple(_share(batches[batch_id], kg, names) for batch_id, kg in drawn)


def _share(batch: CreditBatch, kg: Kg, names: dict[bytes, str]) -> BatchShare:
    return BatchShare(
        source=batch.source,
        vintage=batch.vintage_start.year,
        verifier=names.get(batch.verifier, f"0x{batch.verifier.hex()}"),
        level=batch.level,
        country=batch.country,
        kg=kg,
    )
