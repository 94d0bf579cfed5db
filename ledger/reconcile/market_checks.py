"""Invariants 3, 5 and 6 of the market and its coin."""

from collections import defaultdict
from collections.abc import Sequence

from ledger.chain.chunk import LARGEST_BIGINT
from ledger.chain.typed_data import SELL
from ledger.market.mirror_models import CoinHolding, MarketFill, MarketOrder
from ledger.reconcile.credit_checks import balance_drifts
from ledger.reconcile.evidence import Drift, Evidence, Finding, differences, finding, hexed, placed, sums


async def market_findings(evidence: Evidence) -> list[Finding]:
    """Every check of the market and its coin."""
    orders = await evidence.rows(MarketOrder)
    fills = await evidence.rows(MarketFill)
    return [
        _filled_at_most(orders, fills),
        _totals(fills),
        _prices(orders, fills),
        await _orders(evidence, orders),
        await _coins(evidence),
    ]


def _filled_at_most(orders: Sequence[MarketOrder], fills: Sequence[MarketFill]) -> Finding:
    told: dict[bytes, int] = defaultdict(int)
    for fill in fills:
        told[fill.ref] += fill.kg
        told[fill.taker_ref] += fill.kg
    drifts = [
        Drift(
            MarketOrder.__tablename__,
            hexed(order.ref),
            f"{int(order.filled_kg)} kg are filled of {int(order.kg)} kg, its fills sum to {told.get(order.ref, 0)} kg",
            order.placed_block,
        )
        for order in orders
        if order.filled_kg > order.kg or order.filled_kg != told.get(order.ref, 0)
    ]
    return finding(3, "an order is filled by its fills, and at most to its kg", len(orders), drifts)


def _totals(fills: Sequence[MarketFill]) -> Finding:
    drifts = [
        _of_fill(fill, f"{int(fill.kg)} kg at {int(fill.price_per_kg)} are not {int(fill.total_micros)} micros")
        for fill in fills
        if int(fill.kg) * int(fill.price_per_kg) != int(fill.total_micros)
    ]
    return finding(5, "a fill's total = kg x price, exactly", len(fills), drifts)


def _prices(orders: Sequence[MarketOrder], fills: Sequence[MarketFill]) -> Finding:
    """Of placed orders: what was only signed is not mirrored, the contract compares it itself."""
    resting = {order.ref: order for order in orders}
    drifts = [
        _of_fill(
            fill, f"{int(fill.price_per_kg)} is worse than the {int(order.price_per_kg)} of order {hexed(order.ref)}"
        )
        for fill in fills
        for order in (resting.get(fill.ref), resting.get(fill.taker_ref))
        if order is not None and _is_worse(int(fill.price_per_kg), order)
    ]
    return finding(5, "no fill is at a worse price than the order's", len(fills), drifts)


def _of_fill(fill: MarketFill, says: str) -> Drift:
    place = placed((fill.block_number, fill.log_index))
    return Drift(MarketFill.__tablename__, place, says, fill.block_number)


def _is_worse(price_per_kg: int, order: MarketOrder) -> bool:
    limit = int(order.price_per_kg)
    if limit == LARGEST_BIGINT:  # the mirror holds no larger price; the order's own may be
        return False
    return price_per_kg < limit if order.side == SELL else price_per_kg > limit


async def _orders(evidence: Evidence, orders: Sequence[MarketOrder]) -> Finding:
    """Of each order that the mirror has, and of each that was ever placed."""
    at, told = evidence.block_hash, evidence.told
    kept = {order.ref: order for order in orders}
    refs = sorted(kept.keys() | told.orders.keys())
    makers = sorted({order.maker for order in orders})
    states = await evidence.reader.calls("CarbonMarket", "orderState", [[ref] for ref in refs], at=at)
    answers = await evidence.reader.calls("CarbonMarket", "counterOf", [[maker] for maker in makers], at=at)
    counters = dict(zip(makers, answers, strict=True))
    mirror = {
        order.ref: {"placed": True, "filled": int(order.filled_kg), "cancelled": order.cancelled} for order in orders
    }
    chain = {
        ref: {
            "placed": is_placed,
            "filled": filled_kg,
            "cancelled": is_cancelled or (ref in kept and counters[kept[ref].maker] > kept[ref].counter),
        }
        for ref, (_, filled_kg, is_placed, is_cancelled) in zip(refs, states, strict=True)
    }
    drifts = differences(
        MarketOrder, mirror, chain, name=hexed, block=lambda ref: told.orders.get(ref, evidence.first_block)
    )
    return finding(6, "every placed order: mirror = chain", len(refs), drifts)


async def _coins(evidence: Evidence) -> Finding:
    """Of everybody who ever had coins, whether the mirror has a row of theirs or not."""
    mirror = {holding.holder: int(holding.balance_micros) for holding in await evidence.rows(CoinHolding)}
    supply = await evidence.reader.call("TestDollar", "totalSupply", at=evidence.block_hash)
    checked, drifts = await balance_drifts(evidence, "TestDollar", CoinHolding, mirror, evidence.told.coin_holders)
    drifts += sums(CoinHolding, {"micros": sum(mirror.values())}, {"micros": supply})
    return finding(6, "every balance of the coin: mirror = chain", checked, drifts)
