from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.footprint import store, summaries
from ledger.footprint.models import Activity
from ledger.footprint.summaries import Granularity, Trend
from ledger.kernel.errors import InvalidInput
from ledger.kernel.units import MG_PER_KG, Co2e, plain


@dataclass(frozen=True, slots=True)
class Daily:
    """A day's activities, and what they sum to."""

    day: date
    total: Co2e
    categories: dict[str, Co2e]
    activities: Sequence[Activity]
    previous_day_difference_kg: Decimal
    """This day's kg CO2e less those of the day before."""


@dataclass(frozen=True, slots=True)
class History:
    """What the periods from the first day to the last, both counted, sum to."""

    first: date
    last: date
    total: Co2e
    average_daily_kg: Decimal
    periods: dict[date, Co2e]
    """By the first day of each period in which anything was recorded."""
    trend: Trend


async def daily(session: AsyncSession, account_id: int, day: date) -> Daily:
    """An account's day. All sums are those of the activities beside them."""
    activities = await store.activities_of(session, account_id, day)
    categories: dict[str, Co2e] = {}
    for activity in activities:
        categories[activity.category] = categories.get(activity.category, Co2e(0)) + activity.co2_mg
    total = sum(categories.values(), Co2e(0))
    before = Co2e(0)
    if day > date.min:
        before = summaries.total(await store.day_sums(session, account_id, *[day - timedelta(days=1)] * 2))
    difference_kg = plain(Decimal(int(total) - int(before)) / MG_PER_KG)
    return Daily(day, total, categories, activities, difference_kg)


async def history(
    session: AsyncSession, account_id: int, first: date, last: date, granularity: Granularity = "daily"
) -> History:
    """An account's days from the first to the last, both counted.

    Raises:
        InvalidInput: the period ends before it starts.
    """
    if last < first:
        raise InvalidInput(f"The period ends on {last}, before it starts on {first}.", start=str(first), end=str(last))
    days = await store.day_sums(session, account_id, first, last)
    return History(
        first=first,
        last=last,
        total=summaries.total(days),
        average_daily_kg=summaries.average_daily_kg(days, first, last),
        periods=summaries.grouped(days, granularity),
        trend=summaries.trend(days, first, last),
    )
