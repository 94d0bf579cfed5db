"""An account's books out of the mirror: what it was issued, bought, sold and retired, in the chain's order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, literal, null, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.models import Chain
from ledger.credits.mirror_models import MintedCredit, RetiredCredits
from ledger.credits.models import Retirement
from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Kg
from ledger.market.mirror_models import MarketFill
from ledger.market.models import Purchase

TransactionType = Literal["mint", "purchase", "sale", "retirement"]


@dataclass(frozen=True, slots=True, order=True)
class ChainPosition:
    """Where on its chain something happened. Facts are ordered by it, never by time."""

    block_number: int
    log_index: int


@dataclass(frozen=True, slots=True)
class AccountTransaction:
    """One change of an account's credits."""

    type: TransactionType
    public_id: str | None
    """The credit's, the purchase's (for both sides of a trade) or the retirement's id; None for an act that did not
    come through us."""
    kg: Kg
    price_per_kg: PricePerKg | None
    total_micros: Micros | None
    position: ChainPosition
    block_time: datetime
    transaction_hash: bytes
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """Some of an account's transactions, newest first."""

    transactions: list[AccountTransaction]
    following: ChainPosition | None
    """Where the next page starts after; None on the last one."""


async def account_transactions(
    session: AsyncSession,
    chain_id: int,
    holder: bytes,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after: ChainPosition | None = None,
    limit: int = 100,
) -> TransactionPage:
    """The holder's transactions with `since` <= block time < `until`, newest first, those older than `after`.

    New ones come in above the first page, so turning pages neither skips nor repeats any.
    """
    entries = union_all(*_entries(chain_id, holder)).subquery()
    confirmed_to = select(Chain.confirmed_block).where(Chain.chain_id == chain_id).scalar_subquery()
    place = (entries.c.block_number, entries.c.log_index)
    wanted = select(entries, (entries.c.block_number <= confirmed_to).label("is_confirmed"))
    if since is not None:
        wanted = wanted.where(entries.c.block_time >= since)
    if until is not None:
        wanted = wanted.where(entries.c.block_time < until)
    if after is not None:
        wanted = wanted.where(tuple_(*place) < tuple_(literal(after.block_number), literal(after.log_index)))
    newest_first = wanted.order_by(*(each.desc() for each in place)).limit(limit + 1)
    found = [_transaction(row) for row in await session.execute(newest_first)]
    page = found[:limit]
    return TransactionPage(page, page[-1].position if len(found) > limit else None)


def _entries(chain_id: int, holder: bytes) -> Iterator[Select[Any]]:
    """The four kinds of entries in the same columns."""
    yield _entry(MintedCredit, "mint", cast(MintedCredit.credit_id, Text)).where(
        MintedCredit.chain_id == chain_id, MintedCredit.recipient == holder
    )
    yield (
        _entry(RetiredCredits, "retirement", Retirement.retirement_id)
        .outerjoin(Retirement, Retirement.ref == RetiredCredits.ref)
        .where(RetiredCredits.chain_id == chain_id, RetiredCredits.holder == holder)
    )
    sides: tuple[tuple[TransactionType, ColumnElement[bool]], ...] = (
        ("purchase", MarketFill.buyer == holder),
        ("sale", MarketFill.seller == holder),
    )
    for kind, is_theirs in sides:
        yield (
            _entry(MarketFill, kind, Purchase.purchase_id, MarketFill.price_per_kg, MarketFill.total_micros)
            .outerjoin(Purchase, Purchase.ref == MarketFill.taker_ref)
            .where(MarketFill.chain_id == chain_id, is_theirs)
        )


def _entry(
    row: type[MintedCredit | RetiredCredits | MarketFill],
    kind: TransactionType,
    public_id: Any,
    price_per_kg: Any = None,
    total_micros: Any = None,
) -> Select[Any]:
    return select(
        literal(kind, Text).label("type"),
        public_id.label("public_id"),
        cast(row.kg, BigInteger).label("kg"),
        cast(null() if price_per_kg is None else price_per_kg, BigInteger).label("price_per_kg"),
        cast(null() if total_micros is None else total_micros, BigInteger).label("total_micros"),
        row.block_number.label("block_number"),
        row.log_index.label("log_index"),
        row.block_time.label("block_time"),
        row.transaction_hash.label("transaction_hash"),
    )


def _transaction(row: Any) -> AccountTransaction:
    return AccountTransaction(
        type=row.type,
        public_id=row.public_id,
        kg=Kg(row.kg),
        price_per_kg=None if row.price_per_kg is None else PricePerKg(row.price_per_kg),
        total_micros=None if row.total_micros is None else Micros(row.total_micros),
        position=ChainPosition(row.block_number, row.log_index),
        block_time=row.block_time,
        transaction_hash=row.transaction_hash,
        is_confirmed=row.is_confirmed,
    )
