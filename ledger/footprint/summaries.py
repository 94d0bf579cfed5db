"""What many days sum to: totals, averages, trends. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from ledger.footprint.units import decimal_half_even
from ledger.kernel.units import MG_PER_KG, Co2e, plain

Granularity = Literal["daily", "weekly", "monthly"]
Direction = Literal["increasing", "decreasing", "stable"]

STABLE_PERCENT = 1
"""A change of less than this is called stable."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How the second half of a period compares with the first; no percentage where the first half has nothing."""

    direction: Direction
    change_percent: Decimal | None


def grouped(days: Mapping[date, Co2e], granularity: Granularity) -> dict[date, Co2e]:
    """The days' sums by their day, by the Monday of their week, or by the first of their month, in order.

    Periods in which nothing was recorded are left out: nothing recorded is not zero emitted.
    """
    sums: defaultdict[date, Co2e] = defaultdict(lambda: Co2e(0))
    for day, co2 in sorted(days.items()):
        sums[_first_day(day, granularity)] += co2
    return dict(sums)


def _first_day(day: date, granularity: Granularity) -> date:
    if granularity == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if granularity == "monthly" else day


def total(days: Mapping[date, Co2e]) -> Co2e:
    """The sum of all days."""
    return sum(days.values(), Co2e(0))


def average_daily_kg(days: Mapping[date, Co2e], first: date, last: date) -> Decimal:
    """The total over all days of the period, recorded or not, in kg to the milligram, half to even."""
    return plain(decimal_half_even(Fraction(int(total(days)), ((last - first).days + 1) * MG_PER_KG), 6))


def trend(days: Mapping[date, Co2e], first: date, last: date) -> Trend:
    """The second half of the period against the first; the middle day of an odd number belongs to neither."""
    half = timedelta(days=((last - first).days + 1) // 2)
    earlier = sum(int(co2) for day, co2 in days.items() if day < first + half)
    later = sum(int(co2) for day, co2 in days.items() if day > last - half)
    if earlier == 0:
        return Trend("increasing" if later else "stable", None)
    change = Fraction(100 * (later - earlier), earlier)
    direction: Direction = "increasing" if change > 0 else "decreasing"
    if abs(change) < STABLE_PERCENT:
        direction = "stable"
    return Trend(direction, plain(decimal_half_even(change, 2)))
