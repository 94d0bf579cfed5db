"""Invariants 3, 5 and 6 of the market and its coin."""

from collections import defaultdict
from collections.abc import Sequence

from ledger.chain.chunk import LARGEST_BIGINT
from ledger.chain.typed_data import SELL
from ledger.market.mirror_models import CoinHolding, MarketFill, MarketOrder
from ledger.reconcile.evidence import Evidence, Finding, differences, finding, hexed


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
        f"order {hexed(order.ref)}: {int(order.filled_kg)} kg are filled of {int(order.kg)} kg, "
        f"its fills sum to {told.get(order.ref, 0)} kg"
        for order in orders
        if order.filled_kg > order.kg or order.filled_kg != told.get(order.ref, 0)
    ]
    return finding(3, "an order is filled by its fills, and at most to its kg", len(orders), drifts)


def _totals(fills: Sequence[MarketFill]) -> Finding:
    drifts = [
        f"fill {fill.block_number}/{fill.log_index}: {int(fill.kg)} kg at {int(fill.price_per_kg)} are not "
        f"{int(fill.total_micros)} micros"
        for fill in fills
        if int(fill.kg) * int(fill.price_per_kg) != int(fill.total_micros)
    ]
    return finding(5, "a fill's total = kg x price, exactly", len(fills), drifts)


def _prices(orders: Sequence[MarketOrder], fills: Sequence[MarketFill]) -> Finding:
    """Of placed orders: what was only signed is not mirrored, the contract compares it itself."""
    placed = {order.ref: order for order in orders}
    drifts = [
        f"fill {fill.block_number}/{fill.log_index} at {int(fill.price_per_kg)} is worse than the "
        f"{int(order.price_per_kg)} of order {hexed(order.ref)}"
        for fill in fills
        for order in (placed.get(fill.ref), placed.get(fill.taker_ref))
        if order is not None and _is_worse(int(fill.price_per_kg), order)
    ]
    return finding(5, "no fill is at a worse price than the order's", len(fills), drifts)


def _is_worse(price_per_kg: int, order: MarketOrder) -> bool:
    limit = int(order.price_per_kg)
    if limit == LARGEST_BIGINT:  # the mirror holds no larger price; the order's own may be
        return False
    return price_per_kg < limit if order.side == SELL else price_per_kg > limit


async def _orders(evidence: Evidence, orders: Sequence[MarketOrder]) -> Finding:
    at, refs = evidence.block_hash, [order.ref for order in orders]
    makers = sorted({order.maker for order in orders})
    states = await evidence.reader.calls("CarbonMarket", "orderState", [[ref] for ref in refs], at=at)
    answers = await evidence.reader.calls("CarbonMarket", "counterOf", [[maker] for maker in makers], at=at)
    counters = dict(zip(makers, answers, strict=True))
    mirror = {
        order.ref: {"placed": True, "filled": int(order.filled_kg), "cancelled": order.cancelled} for order in orders
    }
    chain = {
        order.ref: {
            "placed": is_placed,
            "filled": filled_kg,
            "cancelled": is_cancelled or counters[order.maker] > order.counter,
        }
        for order, (_, filled_kg, is_placed, is_cancelled) in zip(orders, states, strict=True)
    }
    return finding(6, "every placed order: mirror = chain", len(refs), differences("order", mirror, chain, hexed))


async def _coins(evidence: Evidence) -> Finding:
    mirror = {holding.holder: int(holding.balance_micros) for holding in await evidence.rows(CoinHolding)}
    holders, at = list(mirror), evidence.block_hash
    answers = await evidence.reader.calls("TestDollar", "balanceOf", [[holder] for holder in holders], at=at)
    supply = await evidence.reader.call("TestDollar", "totalSupply", at=at)
    drifts = differences("coins (micros) of", mirror, dict(zip(holders, answers, strict=True)), hexed)
    if sum(mirror.values()) != supply:
        drifts.append(f"the coin's balances sum to {sum(mirror.values())} micros, its supply is {supply}")
    return finding(6, "every balance of the coin: mirror = chain", len(holders), drifts)
