"""What the operators themselves do on chain (deploy, grant, mint test dollars): each act once, known by its purpose."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.custody import Signer
from ledger.chain.delivery import Delivery
from ledger.chain.failures import revert_reason
from ledger.chain.models import Submission
from ledger.chain.rpc import Rpc, to_hex
from ledger.chain.submissions import lock_sender, next_nonce, store
from ledger.chain.transactions import Call, current_fees
from ledger.db.session import Sessions
from ledger.kernel.errors import BlockchainUnavailable, TransactionFailed

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Act:
    """A call, and the words by which it is known never to be done twice."""

    purpose: str
    call: Call


async def store_once(session: AsyncSession, rpc: Rpc, chain_id: int, signer: Signer, acts: Sequence[Act]) -> None:
    """Signs and stores each act whose purpose the chain's submissions lack, in this order."""
    await lock_sender(session, chain_id, signer.address)
    stored = select(Submission.purpose).where(
        Submission.chain_id == chain_id, Submission.purpose.in_([act.purpose for act in acts])
    )
    done = set(await session.scalars(stored))
    missing = [act for act in acts if act.purpose not in done]
    if not missing:
        return
    fees = await current_fees(rpc)
    first = await next_nonce(session, rpc, chain_id, signer.address)
    for nonce, act in enumerate(missing, start=first):
        await store(session, signer, act.call, chain_id=chain_id, nonce=nonce, fees=fees, purpose=act.purpose)


async def until_mined(
    sessions: Sessions, rpc: Rpc, delivery: Delivery, chain_id: int, purposes: Sequence[str]
) -> list[Submission]:
    """Delivers until the acts with these purposes are on chain; whatever else is pending is delivered with them.

    Raises:
        TransactionFailed: one of them was reverted.
        BlockchainUnavailable: the chain takes nothing for a minute.
    """
    loop = asyncio.get_running_loop()
    patience_ends, fewest = loop.time() + PATIENCE_SECONDS, None
    while True:
        left = await delivery.run_once()
        mined = await _mined(sessions, chain_id, purposes)
        if len(mined) == len(purposes):
            await _check_succeeded(rpc, mined)
            return mined
        if fewest is None or left < fewest:
            patience_ends, fewest = loop.time() + PATIENCE_SECONDS, left
        elif loop.time() > patience_ends:
            raise BlockchainUnavailable(
                f"The chain mined none of {left} transactions for {PATIENCE_SECONDS:.0f} s. Check that the node mines "
                "blocks; start again and the rest is done then.",
                waiting=sorted(set(purposes) - {row.purpose for row in mined}),
            )
        await asyncio.sleep(POLL_SECONDS)


async def _mined(sessions: Sessions, chain_id: int, purposes: Sequence[str]) -> list[Submission]:
    async with sessions() as session:
        rows = await session.scalars(
            select(Submission)
            .where(
                Submission.chain_id == chain_id,
                Submission.purpose.in_(purposes),
                Submission.block_number.is_not(None),
            )
            .order_by(Submission.submission_id)
        )
        return list(rows)


async def _check_succeeded(rpc: Rpc, mined: Sequence[Submission]) -> None:
    for row in mined:
        if not row.succeeded:
            reason = await revert_reason(rpc, row.transaction_hash)
            raise TransactionFailed(
                f"The chain refused to {row.purpose}: {reason}.", transactionHash=to_hex(row.transaction_hash)
            )
