"""The market and its coin as the chain has them. The only writer of the rows in `mirror_models`."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.chunk import ZERO_ADDRESS, ZERO_REF, Chunk, Event, bounded, kept_chunk, moment_of
from ledger.chain.models import ChainEvent
from ledger.chain.rpc import to_hex
from ledger.chain.typed_data import SELL
from ledger.db.base import Base
from ledger.db.bulk import add_rows
from ledger.db.deltas import Deltas, Sums, add_to_balances, add_to_rows, listed
from ledger.events import Fact, record_all
from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Kg
from ledger.market.mirror_models import CoinHolding, MarketFill, MarketOrder

ROWS: tuple[type[Base], ...] = (MarketOrder, MarketFill, CoinHolding)
"""All that this mirror writes, worked out from the chain's events and from nothing else."""

ORDERS = Sums(MarketOrder, "ref", ("filled_kg",))
COINS = Sums(CoinHolding, "holder", ("balance_micros",))


async def apply(session: AsyncSession, chunk: Chunk) -> None:
    """Takes the chunk's events in, and tells of the trades."""
    placed, fills = _named(chunk, "OrderPlaced"), _named(chunk, "OrderFilled")
    filled_before = await _filled_before(session, chunk.chain_id, [event.arguments["ref"] for event in placed])
    await _insert(session, chunk.chain_id, MarketOrder, [_order(event, filled_before) for event in placed])
    await _insert(session, chunk.chain_id, MarketFill, [_fill(event) for event in fills])
    await _add(session, chunk, sign=1)
    await _cancel(session, chunk)
    await record_all(session, [_fact(chunk.chain_id, event) for event in fills])


async def undo(session: AsyncSession, chain_id: int, to_block: int) -> None:
    """Takes back what came from events above `to_block`; which orders were cancelled before is worked out again."""
    chunk = await kept_chunk(session, chain_id, above=to_block)
    await session.execute(
        delete(MarketOrder).where(MarketOrder.chain_id == chain_id, MarketOrder.placed_block > to_block)
    )
    await session.execute(delete(MarketFill).where(MarketFill.chain_id == chain_id, MarketFill.block_number > to_block))
    await _add(session, chunk, sign=-1)
    await _restore(session, chunk, to_block)


async def _add(session: AsyncSession, chunk: Chunk, sign: int) -> None:
    """Adds the chunk's sums to what orders have filled and to the coin's balances, or subtracts them."""
    filled: dict[bytes, list[int]] = defaultdict(lambda: [0])
    for event in _named(chunk, "OrderFilled"):
        for ref in (event.arguments["ref"], event.arguments["takerRef"]):
            filled[ref][0] += sign * event.arguments["kg"]
    filled.pop(ZERO_REF, None)  # the taker who called the market directly has no order
    await add_to_rows(session, ORDERS, chunk.chain_id, filled)
    await add_to_balances(session, COINS, chunk.chain_id, _coin_deltas(chunk, sign))


def _coin_deltas(chunk: Chunk, sign: int) -> Deltas:
    balances: dict[bytes, list[int]] = defaultdict(lambda: [0])
    for event in chunk.named("Transfer", chunk.contracts.dollar):
        told = event.arguments
        micros = sign * told["value"]
        balances[told["from"]][0] -= micros
        balances[told["to"]][0] += micros
    balances.pop(ZERO_ADDRESS, None)
    return balances


async def _filled_before(session: AsyncSession, chain_id: int, refs: Sequence[bytes]) -> dict[bytes, int]:
    """What was filled of orders while they were only signed, in kg: an order may be placed later."""
    filled: dict[bytes, int] = defaultdict(int)
    for side in (MarketFill.ref, MarketFill.taker_ref) if refs else ():
        rows = await session.execute(
            select(side, func.sum(MarketFill.kg, type_=BigInteger))
            .where(MarketFill.chain_id == chain_id, side.in_(refs))
            .group_by(side)
        )
        for ref, kg in rows:
            filled[ref] += int(kg)
    return filled


async def _cancel(session: AsyncSession, chunk: Chunk) -> None:
    """Marks the orders that the chunk's events cancel, one by one or by their maker's counter."""
    refs = [event.arguments["ref"] for event in _named(chunk, "OrderCancelled")]
    if refs:
        await session.execute(
            update(MarketOrder)
            .where(MarketOrder.chain_id == chunk.chain_id, MarketOrder.ref.in_(refs))
            .values(cancelled=True)
        )
    raised = {event.arguments["maker"]: event.arguments["counter"] for event in _named(chunk, "CounterRaised")}
    if raised:
        counters = listed({"maker": LargeBinary(), "counter": BigInteger()}, list(raised.items()))
        await session.execute(
            update(MarketOrder)
            .where(
                MarketOrder.chain_id == chunk.chain_id,
                MarketOrder.maker == counters.c.maker,
                MarketOrder.counter < counters.c.counter,
            )
            .values(cancelled=True)
        )


async def _restore(session: AsyncSession, chunk: Chunk, to_block: int) -> None:
    """Works out again, from the events up to `to_block`, whether the orders that the chunk cancelled already were."""
    refs = {event.arguments["ref"] for event in _named(chunk, "OrderCancelled")}
    makers = {event.arguments["maker"] for event in _named(chunk, "CounterRaised")}
    if not refs and not makers:
        return
    kept = and_(ChainEvent.chain_id == MarketOrder.chain_id, ChainEvent.block_number <= to_block)
    told = ChainEvent.arguments
    by_itself = and_(kept, ChainEvent.name == "OrderCancelled", told["ref"].astext == _hex(MarketOrder.ref))
    by_counter = and_(
        kept,
        ChainEvent.name == "CounterRaised",
        told["maker"].astext == _hex(MarketOrder.maker),
        told["counter"].astext.cast(BigInteger) > MarketOrder.counter,
    )
    await session.execute(
        update(MarketOrder)
        .where(
            MarketOrder.chain_id == chunk.chain_id,
            MarketOrder.cancelled,
            or_(MarketOrder.ref.in_(refs), MarketOrder.maker.in_(makers)),
        )
        .values(cancelled=or_(exists().where(by_itself), exists().where(by_counter)))
    )


def _order(event: Event, filled_before: dict[bytes, int]) -> dict[str, Any]:
    ref, order = event.arguments["ref"], event.arguments["order"]
    return {
        "ref": ref,
        "maker": order["maker"],
        "side": order["side"],
        "kg": Kg(bounded(order["kg"])),
        "price_per_kg": PricePerKg(bounded(order["pricePerKg"])),
        "minimum_kg": Kg(bounded(order["minFillKg"])),
        "expires_at": moment_of(order["expiry"]),
        "counter": order["counter"],
        "filled_kg": Kg(filled_before.get(ref, 0)),
        "cancelled": False,
        "placed_block": event.block_number,
        "placed_at": event.block_time,
        "transaction_hash": event.transaction_hash,
    }


def _fill(event: Event) -> dict[str, Any]:
    told = event.arguments
    seller, buyer = _parties(event)
    return {
        "block_number": event.block_number,
        "log_index": event.log_index,
        "block_time": event.block_time,
        "transaction_hash": event.transaction_hash,
        "ref": told["ref"],
        "taker_ref": told["takerRef"],
        "seller": seller,
        "buyer": buyer,
        "kg": Kg(told["kg"]),
        "price_per_kg": PricePerKg(told["pricePerKg"]),
        "total_micros": Micros(told["total"]),
        "fee_micros": Micros(told["fee"]),
    }


def _fact(chain_id: int, event: Event) -> Fact:
    told = event.arguments
    seller, buyer = _parties(event)
    trade = {
        "chainId": chain_id,
        "ref": to_hex(told["ref"]),
        "takerRef": to_hex(told["takerRef"]),
        "seller": to_hex(seller),
        "buyer": to_hex(buyer),
        "kg": told["kg"],
        "pricePerKg": told["pricePerKg"],
        "totalMicros": told["total"],
        "transactionHash": to_hex(event.transaction_hash),
    }
    return Fact("trade.executed", trade["ref"], trade, chain_id, event.block_number, event.log_index)


def _parties(event: Event) -> tuple[bytes, bytes]:
    """Seller and buyer; the event's side is the maker's."""
    maker, taker = event.arguments["maker"], event.arguments["taker"]
    return (maker, taker) if event.arguments["side"] == SELL else (taker, maker)


def _named(chunk: Chunk, name: str) -> Sequence[Event]:
    return chunk.named(name, chunk.contracts.market)


async def _insert(session: AsyncSession, chain_id: int, rows: type[Base], values: Sequence[dict[str, Any]]) -> None:
    await add_rows(session, rows, [{"chain_id": chain_id, **row} for row in values])


def _hex(column: Any) -> Any:
    """A bytea as `chain_events` writes it in its arguments."""
    return func.concat("0x", func.encode(column, "hex"))
