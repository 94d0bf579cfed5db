"""Closes intents when the chain has done them, in the transaction that mirrors the block; a rewind opens them again."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, and_, case, cast, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from ledger.chain.abi import decode_error
from ledger.chain.chunk import Chunk, Event, position_of
from ledger.chain.failures import failure_at
from ledger.chain.intents import MIRRORED_CHANNEL
from ledger.chain.models import OPEN_STATUSES, Chain, Intent, Submission
from ledger.chain.typed_data import approval_ref, authorization_ref, credit_ref
from ledger.db.base import Base
from ledger.db.deltas import listed

ROWS: tuple[type[Base], ...] = ()
"""None of its own: intents are the ledger's rows, and others write them too."""

Firsts = Mapping[bytes, Event]
"""By ref, the first event that tells of it."""

_PLACE: dict[str, TypeEngine[Any]] = {
    "ref": LargeBinary(),
    "block_number": BigInteger(),
    "log_index": BigInteger(),
    "hash": LargeBinary(),
}


async def apply(session: AsyncSession, chunk: Chunk) -> None:
    """Closes what the chunk's events tell of: mined, or failed; and confirms what lies deep enough by now."""
    effects = _first(_effects(chunk))
    failures = await _failures(session, chunk, effects)
    changed = await _fail(session, chunk.chain_id, failures)
    changed |= await _close(session, chunk.chain_id, effects)
    changed |= await _confirm(session, chunk.chain_id, chunk.confirmed_block)
    if changed:
        await session.execute(select(func.pg_notify(MIRRORED_CHANNEL, "")))


async def undo(session: AsyncSession, chain_id: int, to_block: int) -> None:
    """Opens every intent again that was closed above `to_block`; what is final no longer is mined only.

    What is final by now, the chain's row says already. One that had failed before it was done after all is failed
    again, as its own row remembers.
    """
    told = (Intent.chain_id == chain_id, Intent.block_number > to_block)
    failed_at = cast(Intent.failure["blockNumber"].astext, BigInteger)
    had_failed = and_(Intent.status != "failed", failed_at <= to_block)
    await session.execute(
        update(Intent)
        .where(*told, had_failed)
        .values(
            status="failed",
            block_number=failed_at,
            log_index=cast(Intent.failure["logIndex"].astext, BigInteger),
            transaction_hash=func.decode(func.substr(Intent.failure["transactionHash"].astext, 3), "hex"),
        )
    )
    await session.execute(
        update(Intent)
        .where(*told)
        .values(
            status=case((Intent.submission_id.is_(None), "queued"), else_="submitted"),
            block_number=None,
            log_index=None,
            transaction_hash=None,
            failure=null(),
        )
    )
    confirmed_block = select(Chain.confirmed_block).where(Chain.chain_id == chain_id).scalar_subquery()
    await session.execute(
        update(Intent)
        .where(Intent.chain_id == chain_id, Intent.status == "confirmed", Intent.block_number > confirmed_block)
        .values(status="mined")
    )


def _effects(chunk: Chunk) -> list[tuple[bytes, Event]]:
    """Every event that tells that something was done, with the ref of what, in the chain's order."""
    done = [
        (ref_of(event), event)
        for field, name, ref_of in _DONE
        for event in chunk.named(name, getattr(chunk.contracts, field))
    ]
    return sorted(done, key=lambda told: position_of(told[1]))


def _authorization_ref(event: Event) -> bytes:
    return authorization_ref(event.arguments["authorizer"], event.arguments["nonce"])


def _approval_ref(event: Event) -> bytes:
    return approval_ref(event.contract, event.arguments["owner"], event.arguments["spender"])


_DONE: tuple[tuple[str, str, Callable[[Event], bytes]], ...] = (
    ("credit", "CreditsRetired", lambda event: event.arguments["ref"]),
    ("credit", "AuthorizationUsed", _authorization_ref),
    ("credit", "CreditMinted", lambda event: credit_ref(event.arguments["creditId"])),
    ("credit", "Approval", _approval_ref),
    ("dollar", "Approval", _approval_ref),
    ("market", "OrderPlaced", lambda event: event.arguments["ref"]),
    ("market", "OrderSettled", lambda event: event.arguments["takerRef"]),
)
"""Which contract's event tells that something was done, and the name of what."""


def _first(told: Iterable[tuple[bytes, Event]]) -> dict[bytes, Event]:
    firsts: dict[bytes, Event] = {}
    for ref, event in told:
        firsts.setdefault(ref, event)
    return firsts


async def _failures(session: AsyncSession, chunk: Chunk, effects: Firsts) -> dict[bytes, Event]:
    """Actions of ours that failed and had not been done before.

    Anyone may call Relay with any id, so an outcome counts only when a transaction of ours brought it.
    """
    failed = [event for event in chunk.named("ActionRelayed", chunk.contracts.relay) if not event.arguments["success"]]
    ours = await _ours(session, chunk.chain_id, {event.transaction_hash for event in failed})
    first = _first((event.arguments["id"], event) for event in failed if event.transaction_hash in ours)
    return {
        ref: event
        for ref, event in first.items()
        if ref not in effects or position_of(event) < position_of(effects[ref])
    }


async def _ours(session: AsyncSession, chain_id: int, hashes: set[bytes]) -> set[bytes]:
    """Which of these transactions we submitted."""
    if not hashes:
        return set()
    known = select(Submission.transaction_hash).where(
        Submission.chain_id == chain_id, Submission.transaction_hash.in_(hashes)
    )
    return set((await session.execute(known)).scalars())


async def _fail(session: AsyncSession, chain_id: int, failures: Firsts) -> bool:
    if not failures:
        return False
    rows = [(*_place(ref, event), _failure(event)) for ref, event in failures.items()]
    told = listed({**_PLACE, "failure": JSONB()}, rows)
    changed = await session.scalars(
        update(Intent)
        .where(Intent.chain_id == chain_id, Intent.ref == told.c.ref, Intent.status.in_(OPEN_STATUSES))
        .values(
            status="failed",
            block_number=told.c.block_number,
            log_index=told.c.log_index,
            transaction_hash=told.c.hash,
            failure=told.c.failure,
        )
        .returning(Intent.intent_id)
    )
    return changed.first() is not None


async def _close(session: AsyncSession, chain_id: int, effects: Firsts) -> bool:
    """What was done is done, even where an attempt at it had failed before."""
    if not effects:
        return False
    told = listed(_PLACE, [_place(ref, event) for ref, event in effects.items()])
    changed = await session.scalars(
        update(Intent)
        .where(
            Intent.chain_id == chain_id,
            Intent.ref == told.c.ref,
            or_(Intent.status.in_(OPEN_STATUSES), Intent.status == "failed"),
        )
        .values(
            status="mined",
            block_number=told.c.block_number,
            log_index=told.c.log_index,
            transaction_hash=told.c.hash,
        )
        .returning(Intent.intent_id)
    )
    return changed.first() is not None


async def _confirm(session: AsyncSession, chain_id: int, confirmed_block: int) -> bool:
    changed = await session.scalars(
        update(Intent)
        .where(Intent.chain_id == chain_id, Intent.status == "mined", Intent.block_number <= confirmed_block)
        .values(status="confirmed")
        .returning(Intent.intent_id)
    )
    return changed.first() is not None


def _place(ref: bytes, event: Event) -> tuple[bytes, int, int, bytes]:
    return ref, event.block_number, event.log_index, event.transaction_hash


def _failure(event: Event) -> dict[str, Any]:
    """Why an action failed, and where."""
    return failure_at(
        decode_error(event.arguments["result"]),
        block_number=event.block_number,
        log_index=event.log_index,
        transaction_hash=event.transaction_hash,
    )
