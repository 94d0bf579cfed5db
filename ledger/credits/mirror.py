"""The credit token as the chain has it. The only writer of the rows in `mirror_models`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Boolean, DateTime, LargeBinary, delete, func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from ledger.chain.chunk import ZERO_ADDRESS, Chunk, Event, kept_chunk, kept_events, moment_of
from ledger.chain.models import ChainEvent
from ledger.chain.rpc import to_hex
from ledger.chain.typed_data import SELL
from ledger.credits.mirror_models import CreditBatch, CreditHolding, MintedCredit, RetiredCredits, UsedAuthorization
from ledger.db.base import Base
from ledger.db.bulk import add_rows
from ledger.db.deltas import Deltas, Sums, add_to_balances, add_to_rows, listed
from ledger.events import Fact, record_all
from ledger.kernel.units import Kg

ROWS: tuple[type[Base], ...] = (CreditHolding, CreditBatch, MintedCredit, RetiredCredits, UsedAuthorization)
"""All that this mirror writes, worked out from the chain's events and from nothing else."""

HOLDINGS = Sums(CreditHolding, "holder", ("balance_kg", "earned_kg", "purchased_kg", "sold_kg", "retired_kg"))
BALANCE, EARNED, PURCHASED, SOLD, RETIRED = range(len(HOLDINGS.columns))

BATCHES = Sums(
    CreditBatch,
    "batch_id",
    (
        "issuances",
        "issued_kg",
        "buffered_kg",
        "retired_kg",
        "cancelled_kg",
        "spent_buffer_kg",
        "deficit_circulating_kg",
        "deficit_retired_kg",
    ),
)
(
    BATCH_ISSUANCES,
    BATCH_ISSUED,
    BATCH_BUFFERED,
    BATCH_RETIRED,
    BATCH_CANCELLED,
    BATCH_SPENT,
    BATCH_OWED_CIRCULATING,
    BATCH_OWED_RETIRED,
) = range(len(BATCHES.columns))

BATCH_EVENTS = ("CreditsIssued", "CreditsRetired", "BatchReversed", "DeficitCovered", "DeficitReplaced")
STATUS_EVENTS = ("BatchSuspended", "BatchUnsuspended", "BatchReversed", "BatchReinstated")
STATUS_TYPES: dict[str, TypeEngine[Any]] = {
    "batch_id": LargeBinary(),
    "suspended": Boolean(),
    "suspended_until": DateTime(timezone=True),
    "reversed": Boolean(),
}
NEVER_WITHHELD: dict[str, Any] = {"suspended": False, "suspended_until": None, "reversed": False}


async def apply(session: AsyncSession, chunk: Chunk) -> None:
    """Takes the chunk's events in, and tells of credits issued and retired."""
    await _insert(session, chunk.chain_id, CreditBatch, [_batch(event) for event in _named(chunk, "BatchOpened")])
    await _insert(session, chunk.chain_id, MintedCredit, [_minted(event) for event in _named(chunk, "CreditMinted")])
    await _insert(session, chunk.chain_id, RetiredCredits, [_retired(e) for e in _named(chunk, "CreditsRetired")])
    used = (*_named(chunk, "AuthorizationUsed"), *_named(chunk, "AuthorizationCanceled"))
    await _insert(session, chunk.chain_id, UsedAuthorization, [_used(event) for event in used])
    await _add(session, chunk, sign=1)
    await _set_statuses(session, chunk.chain_id, _status_events(chunk))
    await record_all(session, _facts(chunk))


async def undo(session: AsyncSession, chain_id: int, to_block: int) -> None:
    """Takes back what came from events above `to_block`; how batches stood before is worked out again."""
    chunk = await kept_chunk(session, chain_id, above=to_block)
    await _add(session, chunk, sign=-1)
    for rows in (MintedCredit, RetiredCredits, UsedAuthorization):
        await session.execute(delete(rows).where(rows.chain_id == chain_id, rows.block_number > to_block))
    await session.execute(
        delete(CreditBatch).where(CreditBatch.chain_id == chain_id, CreditBatch.opened_block > to_block)
    )
    await _restore_statuses(session, chunk, to_block)


async def _add(session: AsyncSession, chunk: Chunk, sign: int) -> None:
    """Adds the chunk's sums to holdings and batches, or with a sign of -1 subtracts them."""
    await add_to_balances(session, HOLDINGS, chunk.chain_id, _holding_deltas(chunk, sign))
    await add_to_rows(session, BATCHES, chunk.chain_id, _batch_deltas(chunk, sign))


def _holding_deltas(chunk: Chunk, sign: int) -> Deltas:
    deltas: dict[bytes, list[int]] = defaultdict(lambda: [0] * len(HOLDINGS.columns))
    for event in _named(chunk, "Transfer"):
        told = event.arguments
        kg = sign * told["value"]
        deltas[told["from"]][BALANCE] -= kg
        deltas[told["to"]][BALANCE] += kg
    for event in _named(chunk, "CreditMinted"):
        deltas[event.arguments["recipient"]][EARNED] += sign * event.arguments["amount"]
    for event in _named(chunk, "CreditsRetired"):
        deltas[event.arguments["holder"]][RETIRED] += sign * event.arguments["kg"]
    for event in chunk.named("OrderFilled", chunk.contracts.market):
        told = event.arguments
        sides = (told["maker"], told["taker"])
        seller, buyer = sides if told["side"] == SELL else sides[::-1]
        deltas[seller][SOLD] += sign * told["kg"]
        deltas[buyer][PURCHASED] += sign * told["kg"]
    deltas.pop(ZERO_ADDRESS, None)  # where credits come from when issued and go to when retired
    return deltas


def _batch_deltas(chunk: Chunk, sign: int) -> Deltas:
    deltas: dict[bytes, list[int]] = defaultdict(lambda: [0] * len(BATCHES.columns))
    for event in chunk.in_order(chunk.contracts.credit, *BATCH_EVENTS):
        for batch_id, column, change in _batch_changes(event):
            deltas[batch_id][column] += sign * change
    return deltas


def _batch_changes(event: Event) -> Iterator[tuple[bytes, int, int]]:
    """What an event adds to the sums of batches: the batch, the column, how much."""
    told = event.arguments
    match event.name:
        case "CreditsIssued":
            yield told["batchId"], BATCH_ISSUANCES, 1
            yield told["batchId"], BATCH_ISSUED, told["kg"] + told["bufferKg"]
            yield told["batchId"], BATCH_BUFFERED, told["bufferKg"]
        case "CreditsRetired":
            for batch_id, kg in zip(told["batchIds"], told["batchKg"], strict=True):
                yield batch_id, BATCH_RETIRED, kg
        case "BatchReversed":
            yield from _spent_buffer(told["batchId"], told["bufferedKg"])
            yield told["batchId"], BATCH_CANCELLED, told["bufferedKg"]
            yield from _owed(told["batchId"], told["circulatingKg"], told["retiredKg"])
        case "DeficitCovered":
            yield from _spent_buffer(told["coverBatchId"], told["circulatingKg"] + told["retiredKg"])
            yield told["coverBatchId"], BATCH_CANCELLED, told["retiredKg"]
            yield told["batchId"], BATCH_CANCELLED, told["circulatingKg"]
            yield from _owed(told["batchId"], -told["circulatingKg"], -told["retiredKg"])
        case "DeficitReplaced":
            yield told["batchId"], BATCH_CANCELLED, told["circulatingKg"]
            yield from _owed(told["batchId"], -told["circulatingKg"], -sum(told["batchKg"]))
            for batch_id, kg in zip(told["batchIds"], told["batchKg"], strict=True):
                yield batch_id, BATCH_CANCELLED, kg


def _spent_buffer(batch_id: bytes, kg: int) -> Iterator[tuple[bytes, int, int]]:
    yield batch_id, BATCH_BUFFERED, -kg
    yield batch_id, BATCH_SPENT, kg


def _owed(batch_id: bytes, circulating_kg: int, retired_kg: int) -> Iterator[tuple[bytes, int, int]]:
    yield batch_id, BATCH_OWED_CIRCULATING, circulating_kg
    yield batch_id, BATCH_OWED_RETIRED, retired_kg


def _status_events(chunk: Chunk) -> Sequence[Event]:
    return chunk.in_order(chunk.contracts.credit, *STATUS_EVENTS)


async def _set_statuses(session: AsyncSession, chain_id: int, events: Iterable[Event]) -> None:
    """Gives each batch that the events tell of the status that they leave it in; what none of them tells stays."""
    statuses: dict[bytes, dict[str, Any]] = defaultdict(dict)
    for event in events:
        statuses[event.arguments["batchId"]] |= _status(event)
    if not statuses:
        return
    rows = [{"batch_id": batch_id, **status} for batch_id, status in sorted(statuses.items())]
    given = listed(STATUS_TYPES, [[row.get(name) for name in STATUS_TYPES] for row in rows])
    table = CreditBatch.__table__.c
    await session.execute(
        update(CreditBatch)
        .where(CreditBatch.chain_id == chain_id, CreditBatch.batch_id == given.c.batch_id)
        .values({name: func.coalesce(given.c[name], table[name]) for name in STATUS_TYPES if name != "batch_id"})
    )


def _status(event: Event) -> dict[str, Any]:
    """What an event changes of its batch's status."""
    match event.name:
        case "BatchSuspended":
            return {"suspended": True, "suspended_until": moment_of(event.arguments["until"])}
        case "BatchUnsuspended":
            return {"suspended": False}
        case "BatchReversed":
            return {"suspended": False, "reversed": True}
        case "BatchReinstated":
            return {"reversed": False}
        case _:
            raise AssertionError(f"{event.name} says nothing of a batch's status")


async def _restore_statuses(session: AsyncSession, chunk: Chunk, to_block: int) -> None:
    """Works out again, from the events up to `to_block`, how the batches stood that the chunk's events tell of."""
    touched = {event.arguments["batchId"] for event in _status_events(chunk)}
    if not touched:
        return
    await session.execute(
        update(CreditBatch)
        .where(CreditBatch.chain_id == chunk.chain_id, CreditBatch.batch_id.in_(touched))
        .values(NEVER_WITHHELD)
    )
    earlier = await kept_events(
        session,
        chunk.chain_id,
        ChainEvent.name.in_(STATUS_EVENTS),
        ChainEvent.block_number <= to_block,
        ChainEvent.arguments["batchId"].astext.in_([to_hex(batch_id) for batch_id in touched]),
    )
    await _set_statuses(session, chunk.chain_id, earlier)


def _batch(event: Event) -> dict[str, Any]:
    terms = event.arguments["terms"]
    return {
        "batch_id": event.arguments["batchId"],
        "source": _ascii(terms["source"]),
        "vintage_start": moment_of(terms["vintageStart"]),
        "vintage_end": moment_of(terms["vintageEnd"]),
        "verifier": terms["verifier"],
        "level": terms["level"],
        "country": _ascii(terms["country"]),
        "closes_at": moment_of(terms["closesAt"]),
        "buffer_bps": terms["bufferBps"],
        "opened_block": event.block_number,
        **dict.fromkeys(BATCHES.columns, 0),
        **NEVER_WITHHELD,
    }


def _minted(event: Event) -> dict[str, Any]:
    told = event.arguments
    return _place(event) | {
        "credit_id": told["creditId"],
        "recipient": told["recipient"],
        "kg": Kg(told["amount"]),
    }


def _retired(event: Event) -> dict[str, Any]:
    told = event.arguments
    parts = zip(told["batchIds"], told["batchKg"], strict=True)
    return _place(event) | {
        "ref": told["ref"],
        "holder": told["holder"],
        "kg": Kg(told["kg"]),
        "batches": [{"batchId": to_hex(batch_id), "kg": kg} for batch_id, kg in parts],
        "reason": told["reason"],
        "period": told["period"],
        "commitment": told["commitment"],
    }


def _used(event: Event) -> dict[str, Any]:
    return {
        "authorizer": event.arguments["authorizer"],
        "nonce": event.arguments["nonce"],
        "cancelled": event.name == "AuthorizationCanceled",
        "block_number": event.block_number,
    }


def _place(event: Event) -> dict[str, Any]:
    return {
        "block_number": event.block_number,
        "log_index": event.log_index,
        "block_time": event.block_time,
        "transaction_hash": event.transaction_hash,
    }


def _facts(chunk: Chunk) -> Iterator[Fact]:
    """What is told to the world, in the chain's order."""
    for event in chunk.in_order(chunk.contracts.credit, "CreditMinted", "CreditsRetired"):
        told = event.arguments
        where = {"chainId": chunk.chain_id, "transactionHash": to_hex(event.transaction_hash)}
        place = (chunk.chain_id, event.block_number, event.log_index)
        if event.name == "CreditMinted":
            issued = {"creditId": told["creditId"], "recipient": to_hex(told["recipient"]), "kg": told["amount"]}
            yield Fact("credit.issued", told["creditId"], issued | where, *place)
        else:
            retired = {"ref": to_hex(told["ref"]), "holder": to_hex(told["holder"]), "kg": told["kg"]}
            yield Fact("credit.retired", to_hex(told["ref"]), retired | where, *place)


def _named(chunk: Chunk, name: str) -> Sequence[Event]:
    return chunk.named(name, chunk.contracts.credit)


async def _insert(session: AsyncSession, chain_id: int, rows: type[Base], values: Sequence[dict[str, Any]]) -> None:
    await add_rows(session, rows, [{"chain_id": chain_id, **row} for row in values])


def _ascii(padded: bytes) -> str:
    """Short text as a contract keeps it: padded with zeros on the right. What is no text is shown as such."""
    return padded.rstrip(b"\0").decode("ascii", errors="replace")
