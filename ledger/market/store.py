"""SQL of the market: what is live, what is left, what is promised. One expression each, to be read in one snapshot."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Numeric, ScalarSelect, and_, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import SQLColumnExpression

from ledger.chain import SELL, open_debit_micros, open_fill_kg
from ledger.chain.chunk import LARGEST_BIGINT
from ledger.chain.models import ChainBlock
from ledger.kernel.money import Micros
from ledger.kernel.units import Kg
from ledger.market.mirror_models import CoinHolding, MarketOrder
from ledger.market.models import Listing
from ledger.market.rules import Availability

NEVER_YET = func.to_timestamp(0)


def block_time(chain_id: int) -> ScalarSelect[datetime]:
    """The time of the newest mirrored block: the chain's own clock."""
    return (
        select(ChainBlock.block_time)
        .where(ChainBlock.chain_id == chain_id)
        .order_by(ChainBlock.block_number.desc())
        .limit(1)
        .scalar_subquery()
    )


def total(column: SQLColumnExpression[Any], *where: ColumnElement[bool]) -> ColumnElement[int]:
    """The sum of a quantity's column as a plain whole number, 0 over no rows.

    Anybody may place orders for more than exists, so a sum that a bigint cannot hold is the largest bigint.
    """
    exact = func.coalesce(func.sum(cast(column, Numeric)), 0)
    return select(cast(func.least(exact, LARGEST_BIGINT), BigInteger)).where(*where).scalar_subquery()


def reserved_kg(chain_id: int, holder: bytes) -> ColumnElement[int]:
    """What the holder's open sell orders still offer, in kg.

    An order counts until the chain itself is past its end: when our clock says so, a block could still fill it.
    """
    return total(
        MarketOrder.kg - MarketOrder.filled_kg,
        MarketOrder.chain_id == chain_id,
        MarketOrder.maker == holder,
        MarketOrder.side == SELL,
        ~MarketOrder.cancelled,
        MarketOrder.expires_at >= func.coalesce(block_time(chain_id), NEVER_YET),
    )


def is_live(chain_id: int, moment: datetime) -> ColumnElement[bool]:
    """Whether an order can still be filled: not cancelled, and not over by the chain's time nor by ours."""
    latest = func.greatest(block_time(chain_id), literal(moment, DateTime(timezone=True)))
    return and_(~MarketOrder.cancelled, MarketOrder.expires_at >= latest)


def remaining_kg(chain_id: int) -> ColumnElement[int]:
    """What is left of an order, beside what open intents take from it; below zero when they take too much."""
    unsold = cast(MarketOrder.kg - MarketOrder.filled_kg, BigInteger)
    return cast(unsold - open_fill_kg(chain_id, MarketOrder.ref.expression), BigInteger)


async def latest_moment(session: AsyncSession, chain_id: int, moment: datetime) -> datetime:
    """The later of our time and the chain's: a chain that makes more than a block a second runs ahead of clocks."""
    on_chain: datetime | None = (await session.execute(select(block_time(chain_id)))).scalar_one()
    return max(moment, on_chain or moment)


async def lock_listing(session: AsyncSession, listing_id: str) -> Listing | None:
    """The listing, locked until the transaction ends, so that two buyers do not take the same kilogram."""
    found = await session.execute(
        select(Listing).where(Listing.listing_id == listing_id).with_for_update(key_share=True)
    )
    return found.scalar_one_or_none()


async def availability(
    session: AsyncSession, chain_id: int, ref: bytes, buyer: bytes, moment: datetime
) -> Availability:
    """What stands behind a purchase by `buyer` from the order `ref`, as of one snapshot."""
    funds = (
        select(cast(CoinHolding.balance_micros, BigInteger))
        .where(CoinHolding.chain_id == chain_id, CoinHolding.holder == buyer)
        .scalar_subquery()
    )
    found = await session.execute(
        select(
            is_live(chain_id, moment),
            remaining_kg(chain_id),
            cast(func.coalesce(funds, 0) - open_debit_micros(chain_id, buyer), BigInteger),
        ).where(MarketOrder.chain_id == chain_id, MarketOrder.ref == ref, MarketOrder.side == SELL)
    )
    row = found.one_or_none()
    if row is None:
        return Availability(is_open=False, remaining_kg=Kg(0), funds=Micros(0))
    # A reorg may have taken back what was promised: then nothing is left, and never less than nothing.
    return Availability(is_open=row[0], remaining_kg=Kg(max(row[1], 0)), funds=Micros(max(row[2], 0)))
