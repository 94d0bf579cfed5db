"""What the market shows: open listings, the price, candles."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.chain import SELL
from ledger.kernel.money import PricePerKg
from ledger.kernel.units import Kg
from ledger.market import store
from ledger.market.mirror_models import MarketFill, MarketOrder
from ledger.market.models import Listing
from ledger.market.rules import REFERENCE_PRICE

DAY = timedelta(days=1)
EPOCH = func.to_timestamp(0)

Sort = Literal["price", "listedAt"]
Direction = Literal["asc", "desc"]
PriceBasis = Literal["last_fill", "lowest_listing", "reference"]


@dataclass(frozen=True, slots=True)
class OpenListing:
    """A listing that can be bought now."""

    listing_id: str
    seller: str
    """The seller's public id."""
    remaining_kg: Kg
    price_per_kg: PricePerKg
    minimum_kg: Kg
    listed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ListingPage:
    """Some of the open listings, and how many there are in all."""

    listings: list[OpenListing]
    total: int


@dataclass(frozen=True, slots=True)
class MarketPrice:
    """The price now, the price a day before, and what was traded between."""

    current: PricePerKg
    basis: PriceBasis
    """What the current price is: the last fill's, the lowest open listing's, or the reference before either."""
    earlier: PricePerKg
    """The price a day ago; the day's first where none is that old."""
    volume_kg: Kg
    """Filled during the day."""


@dataclass(frozen=True, slots=True)
class Candle:
    """What was traded in one interval."""

    opened_at: datetime
    open: PricePerKg
    high: PricePerKg
    low: PricePerKg
    close: PricePerKg
    volume_kg: Kg


async def listings(
    session: AsyncSession,
    chain_id: int,
    moment: datetime,
    *,
    sort: Sort = "price",
    direction: Direction = "asc",
    page: int = 1,
    page_size: int = 20,
) -> ListingPage:
    """The open listings, a page of them. Equal ones stand in the order in which they were made."""
    remaining = store.remaining_kg(chain_id)
    live = (
        select(
            Listing.listing_id,
            Account.public_id,
            remaining,
            Listing.price_per_kg,
            Listing.minimum_kg,
            Listing.recorded_at,
            Listing.expires_at,
        )
        .join(MarketOrder, MarketOrder.ref == Listing.ref)
        .join(Account, Account.account_id == Listing.account_id)
        .where(
            MarketOrder.chain_id == chain_id,
            MarketOrder.side == SELL,
            store.is_live(chain_id, moment),
            MarketOrder.filled_kg < MarketOrder.kg,
            remaining > 0,
        )
    )
    total = (await session.execute(select(func.count()).select_from(live.subquery()))).scalar_one()
    key = Listing.price_per_kg if sort == "price" else Listing.recorded_at
    ordered = live.order_by(key.asc() if direction == "asc" else key.desc(), Listing.intent_id)
    rows = await session.execute(ordered.limit(page_size).offset((page - 1) * page_size))
    found = [
        OpenListing(listing_id, seller, Kg(left_kg), price_per_kg, minimum_kg, listed_at, expires_at)
        for listing_id, seller, left_kg, price_per_kg, minimum_kg, listed_at, expires_at in rows
    ]
    return ListingPage(found, total)


async def market_price(session: AsyncSession, chain_id: int, moment: datetime) -> MarketPrice:
    """The last fill's price; before any fill the lowest open listing's; before any listing the reference."""
    day_ago = moment - DAY
    last = await _price_of_last_fill(session, chain_id)
    if last is None:
        lowest = (await listings(session, chain_id, moment, page_size=1)).listings
        price = lowest[0].price_per_kg if lowest else REFERENCE_PRICE
        return MarketPrice(price, "lowest_listing" if lowest else "reference", price, Kg(0))
    earlier = await _price_of_last_fill(session, chain_id, until=day_ago)
    if earlier is None:
        earlier = await _price_of_first_fill(session, chain_id)
    volume_kg = (
        await session.execute(
            select(store.total(MarketFill.kg, MarketFill.chain_id == chain_id, MarketFill.block_time > day_ago))
        )
    ).scalar_one()
    return MarketPrice(last, "last_fill", earlier or last, Kg(volume_kg))


async def candles(session: AsyncSession, chain_id: int, since: datetime, interval: timedelta) -> list[Candle]:
    """What was traded since then, in whole intervals counted from 1970; one without a trade has no candle."""
    opened_at = func.date_bin(interval, MarketFill.block_time, EPOCH).label("opened_at")
    price = cast(MarketFill.price_per_kg, BigInteger)
    in_order = func.array_agg(aggregate_order_by(price, MarketFill.block_number, MarketFill.log_index))
    backwards = func.array_agg(aggregate_order_by(price, MarketFill.block_number.desc(), MarketFill.log_index.desc()))
    rows = await session.execute(
        select(
            opened_at,
            in_order[1],
            func.max(price),
            func.min(price),
            backwards[1],
            cast(func.sum(MarketFill.kg), BigInteger),
        )
        .where(MarketFill.chain_id == chain_id, MarketFill.block_time >= func.date_bin(interval, since, EPOCH))
        .group_by(opened_at)
        .order_by(opened_at)
    )
    return [
        Candle(row[0], PricePerKg(row[1]), PricePerKg(row[2]), PricePerKg(row[3]), PricePerKg(row[4]), Kg(row[5]))
        for row in rows
    ]


async def _price_of_last_fill(session: AsyncSession, chain_id: int, until: datetime | None = None) -> PricePerKg | None:
    fills = select(MarketFill.price_per_kg).where(MarketFill.chain_id == chain_id)
    if until is not None:
        fills = fills.where(MarketFill.block_time <= until)
    newest = fills.order_by(MarketFill.block_number.desc(), MarketFill.log_index.desc()).limit(1)
    return (await session.execute(newest)).scalar_one_or_none()


async def _price_of_first_fill(session: AsyncSession, chain_id: int) -> PricePerKg | None:
    oldest = (
        select(MarketFill.price_per_kg)
        .where(MarketFill.chain_id == chain_id)
        .order_by(MarketFill.block_number, MarketFill.log_index)
        .limit(1)
    )
    return (await session.execute(oldest)).scalar_one_or_none()
