"""The credit token as the chain has it. The only writer of the rows in `mirror_models`."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.chunk import ZERO_ADDRESS, Chunk, Event, kept_chunk, moment_of
from ledger.chain.rpc import to_hex
from ledger.chain.typed_data import SELL
from ledger.credits.mirror_models import CreditBatch, CreditHolding, MintedCredit, RetiredCredits, UsedAuthorization
from ledger.db.deltas import Deltas, Sums, add_to_balances, add_to_rows
from ledger.events import record
from ledger.kernel.units import Kg

HOLDINGS = Sums(CreditHolding, "holder", ("balance_kg", "earned_kg", "purchased_kg", "sold_kg", "retired_kg"))
BALANCE, EARNED, PURCHASED, SOLD, RETIRED = range(len(HOLDINGS.columns))

BATCHES = Sums(CreditBatch, "batch_id", ("issuances", "issued_kg", "buffered_kg", "retired_kg"))
BATCH_ISSUANCES, BATCH_ISSUED, BATCH_BUFFERED, BATCH_RETIRED = range(len(BATCHES.columns))


async def apply(session: AsyncSession, chunk: Chunk) -> None:
    """Takes the chunk's events in, and tells of credits issued and retired."""
    await _insert(session, CreditBatch, [_batch(event) for event in _named(chunk, "BatchOpened")], chunk.chain_id)
    await _insert(session, MintedCredit, [_minted(event) for event in _named(chunk, "CreditMinted")], chunk.chain_id)
    await _insert(session, RetiredCredits, [_retired(e) for e in _named(chunk, "CreditsRetired")], chunk.chain_id)
    await _insert(
        session,
        UsedAuthorization,
        [_used(e) for name in ("AuthorizationUsed", "AuthorizationCanceled") for e in _named(chunk, name)],
        chunk.chain_id,
    )
    await _add(session, chunk, sign=1)
    _tell(session, chunk)


async def undo(session: AsyncSession, chain_id: int, to_block: int) -> None:
    """Takes back what came from events above `to_block`."""
    await _add(session, await kept_chunk(session, chain_id, above=to_block), sign=-1)
    for rows in (MintedCredit, RetiredCredits, UsedAuthorization):
        await session.execute(delete(rows).where(rows.chain_id == chain_id, rows.block_number > to_block))
    await session.execute(
        delete(CreditBatch).where(CreditBatch.chain_id == chain_id, CreditBatch.opened_block > to_block)
    )


async def _add(session: AsyncSession, chunk: Chunk, sign: int) -> None:
    """Adds the chunk's sums to holdings and batches, or with a sign of -1 subtracts them."""
    await add_to_balances(session, HOLDINGS, chunk.chain_id, _holding_deltas(chunk, sign))
    await add_to_rows(session, BATCHES, chunk.chain_id, _batch_deltas(chunk, sign))


def _holding_deltas(chunk: Chunk, sign: int) -> Deltas:
    deltas: dict[bytes, list[int]] = defaultdict(lambda: [0] * len(HOLDINGS.columns))
    for event in _named(chunk, "Transfer"):
        told = event.arguments
        deltas[told["from"]][BALANCE] -= sign * told["value"]
        deltas[told["to"]][BALANCE] += sign * told["value"]
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
    for event in _named(chunk, "CreditsIssued"):
        told = event.arguments
        batch = deltas[told["batchId"]]
        batch[BATCH_ISSUANCES] += sign
        batch[BATCH_ISSUED] += sign * (told["kg"] + told["bufferKg"])
        batch[BATCH_BUFFERED] += sign * told["bufferKg"]
    for event in _named(chunk, "CreditsRetired"):
        for batch_id, kg in zip(event.arguments["batchIds"], event.arguments["batchKg"], strict=True):
            deltas[batch_id][BATCH_RETIRED] += sign * kg
    return deltas


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
        "issuances": 0,
        "issued_kg": Kg(0),
        "buffered_kg": Kg(0),
        "retired_kg": Kg(0),
        "opened_block": event.block_number,
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


def _tell(session: AsyncSession, chunk: Chunk) -> None:
    for event in chunk.events:
        if event.contract != chunk.contracts.credit:
            continue
        told = event.arguments
        where = {"chainId": chunk.chain_id, "transactionHash": to_hex(event.transaction_hash)}
        if event.name == "CreditMinted":
            issued = {"creditId": told["creditId"], "recipient": to_hex(told["recipient"]), "kg": told["amount"]}
            record(session, "credit.issued", told["creditId"], issued | where)
        elif event.name == "CreditsRetired":
            retired = {"ref": to_hex(told["ref"]), "holder": to_hex(told["holder"]), "kg": told["kg"]}
            record(session, "credit.retired", to_hex(told["ref"]), retired | where)


def _named(chunk: Chunk, name: str) -> Sequence[Event]:
    return list(chunk.named(name, chunk.contracts.credit))


async def _insert(session: AsyncSession, rows: type[Any], values: Sequence[dict[str, Any]], chain_id: int) -> None:
    if values:
        await session.execute(insert(rows), [{"chain_id": chain_id, **row} for row in values])


def _ascii(padded: bytes) -> str:
    """Short text as a contract keeps it: padded with zeros on the right. What is no text is shown as such."""
    return padded.rstrip(b"\0").decode("ascii", errors="replace")
