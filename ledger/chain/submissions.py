"""The table of signed transactions: stored before they are sent, so that a crash can neither lose nor double one."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, distinct, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ledger.chain.custody import Signer
from ledger.chain.models import Intent, Submission
from ledger.chain.rpc import Rpc, to_hex, to_int
from ledger.chain.transactions import Call, Fees, sign_call, sign_replacement


async def lock_sender(session: AsyncSession, chain_id: int, sender: bytes) -> None:
    """Makes this transaction the only one that allots nonces of the sender, until it ends."""
    key = func.hashtextextended(f"sender {chain_id} {sender.hex()}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def next_nonce(session: AsyncSession, rpc: Rpc, chain_id: int, sender: bytes) -> int:
    """The sender's next nonce: the table's, and never below what the chain has counted. Lock the sender first."""
    highest = await session.scalar(
        select(func.max(Submission.nonce)).where(Submission.chain_id == chain_id, Submission.sender == sender)
    )
    counted = to_int(await rpc.call("eth_getTransactionCount", to_hex(sender), "latest"))
    return max(counted, 0 if highest is None else highest + 1)


async def store(
    session: AsyncSession, signer: Signer, call: Call, *, chain_id: int, nonce: int, fees: Fees, purpose: str
) -> Submission:
    """Signs a transaction and keeps it. It may be sent once the caller's transaction is committed."""
    signed = sign_call(signer, chain_id, nonce, call, fees)
    submission = Submission(
        chain_id=chain_id,
        sender=signer.address,
        nonce=nonce,
        raw=signed.raw,
        transaction_hash=signed.hash,
        purpose=purpose,
    )
    session.add(submission)
    await session.flush()
    return submission


async def store_replacement(session: AsyncSession, signer: Signer, stuck: Submission, fees: Fees) -> Submission:
    """Signs a stuck transaction again at a higher fee, with the same nonce: only one of the two can be mined."""
    signed = sign_replacement(signer, stuck.raw, fees)
    replacement = Submission(
        chain_id=stuck.chain_id,
        sender=stuck.sender,
        nonce=stuck.nonce,
        attempt=stuck.attempt + 1,
        raw=signed.raw,
        transaction_hash=signed.hash,
        purpose=stuck.purpose,
    )
    session.add(replacement)
    await session.flush()
    return replacement


async def mark_submitted(session: AsyncSession, intents: Iterable[Intent], submission: Submission) -> None:
    """Binds intents to the transaction that carries them."""
    for intent in intents:
        intent.status = "submitted"
        intent.submission_id = submission.submission_id
    await session.flush()


async def pending(session: AsyncSession, chain_id: int, counts: dict[bytes, int]) -> list[Submission]:
    """What the chain has not counted yet, `counts` being its transaction count of each sender; oldest first.

    Of each nonce only the newest attempt, in the place of the first one.
    """
    uncounted = (and_(Submission.sender == sender, Submission.nonce >= count) for sender, count in counts.items())
    rows = await session.scalars(
        select(Submission).where(Submission.chain_id == chain_id, or_(*uncounted)).order_by(Submission.submission_id)
    )
    newest: dict[tuple[bytes, int], Submission] = {}
    for row in rows:
        newest[row.sender, row.nonce] = row
    return list(newest.values())


async def without_receipt(
    session: AsyncSession, chain_id: int, counts: dict[bytes, int], at_most: int
) -> Sequence[Submission]:
    """What the chain has counted, but whose receipt was not seen yet: all attempts of a nonce until one has it."""
    counted = (and_(Submission.sender == sender, Submission.nonce < count) for sender, count in counts.items())
    rows = await session.scalars(
        select(Submission).where(*_unseen(chain_id), or_(*counted)).order_by(Submission.submission_id).limit(at_most)
    )
    return rows.all()


async def count_in_flight(session: AsyncSession, chain_id: int, purpose: str) -> int:
    """How many transactions with this purpose were not seen mined yet; attempts of one nonce count once."""
    nonces = select(func.count(distinct(Submission.nonce))).where(*_unseen(chain_id), Submission.purpose == purpose)
    return await session.scalar(nonces) or 0


async def count_succeeded(session: AsyncSession, chain_id: int, purpose: str) -> int:
    """How many transactions with this purpose were seen mined, and did what they should."""
    mined = select(func.count()).where(
        Submission.chain_id == chain_id, Submission.purpose == purpose, Submission.succeeded.is_(True)
    )
    return await session.scalar(mined) or 0


def _unseen(chain_id: int) -> tuple[ColumnElement[bool], ...]:
    mined = aliased(Submission)
    seen = select(mined.submission_id).where(_same_nonce(mined), mined.block_number.is_not(None))
    return Submission.chain_id == chain_id, Submission.block_number.is_(None), ~seen.exists()


def _same_nonce(attempt: type[Submission]) -> ColumnElement[bool]:
    """Whether it is an attempt at the same nonce as the submission of the outer query."""
    return and_(
        attempt.chain_id == Submission.chain_id,
        attempt.sender == Submission.sender,
        attempt.nonce == Submission.nonce,
    )


async def reverted(session: AsyncSession, chain_id: int) -> Sequence[Submission]:
    """What was seen mined and reverted, and still has intents that wait for its effect."""
    attempt = aliased(Submission)
    waiting = (
        select(attempt.submission_id)
        .join(Intent, Intent.submission_id == attempt.submission_id)
        .where(_same_nonce(attempt), Intent.status == "submitted")
    )
    rows = await session.scalars(
        select(Submission).where(Submission.chain_id == chain_id, Submission.succeeded.is_(False), waiting.exists())
    )
    return rows.all()


async def fail_intents(session: AsyncSession, submission: Submission, failure: dict[str, Any]) -> None:
    """Fails what the reverted transaction should have done, whichever attempt at its nonce carried it."""
    attempt = aliased(Submission)
    carriers = select(attempt.submission_id).where(
        attempt.chain_id == submission.chain_id,
        attempt.sender == submission.sender,
        attempt.nonce == submission.nonce,
    )
    await session.execute(
        update(Intent)
        .where(Intent.submission_id.in_(carriers), Intent.status == "submitted")
        .values(
            status="failed",
            failure=failure,
            transaction_hash=submission.transaction_hash,
            block_number=submission.block_number,
        )
    )


async def forget_receipts(session: AsyncSession, chain_id: int, above_block: int) -> None:
    """Takes back what was seen above this block: a reorg may have changed it."""
    await _forget(session, Submission.chain_id == chain_id, Submission.block_number > above_block)


async def forget(session: AsyncSession, submissions: Sequence[Submission]) -> None:
    """Takes back the receipts of these."""
    await _forget(session, Submission.submission_id.in_([row.submission_id for row in submissions]))


async def _forget(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    """Takes receipts back, and with them the failures that nothing but they told of."""
    told = select(Submission.transaction_hash).where(*which, Submission.succeeded.is_(False))
    await session.execute(
        update(Intent)
        .where(Intent.status == "failed", Intent.log_index.is_(None), Intent.transaction_hash.in_(told))
        .values(status="submitted", failure=null(), transaction_hash=None, block_number=None)
    )
    await session.execute(update(Submission).where(*which).values(block_number=None, succeeded=None))
