"""Sums of days: every kilogram once, whatever the days are grouped by."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.footprint.summaries import Granularity, average_daily_kg, grouped, total, trend
from ledger.kernel.units import Co2e

DAYS = st.dictionaries(st.dates(date(2023, 12, 20), date(2024, 3, 10)), st.integers(0, 10**13).map(Co2e), max_size=40)
FIRST, LAST = date(2023, 12, 20), date(2024, 3, 10)


@given(DAYS, st.sampled_from(["daily", "weekly", "monthly"]))
def test_grouping_loses_nothing_and_keeps_the_order(days: dict[date, Co2e], granularity: Granularity) -> None:
    groups = grouped(days, granularity)
    assert total(groups) == total(days)
    assert list(groups) == sorted(groups)


@given(DAYS)
def test_an_average_is_never_more_than_the_total(days: dict[date, Co2e]) -> None:
    assert 0 <= average_daily_kg(days, FIRST, LAST) <= total(days).kg


def test_weeks_start_on_monday_and_months_on_the_first() -> None:
    days = {date(2024, 1, 31): Co2e(1), date(2024, 2, 1): Co2e(2), date(2024, 2, 5): Co2e(4)}
    assert grouped(days, "weekly") == {date(2024, 1, 29): 3, date(2024, 2, 5): 4}
    assert grouped(days, "monthly") == {date(2024, 1, 1): 1, date(2024, 2, 1): 6}


def test_an_average_counts_the_days_on_which_nothing_was_recorded() -> None:
    days = {date(2024, 1, 1): Co2e.from_kg(Decimal(1))}
    assert average_daily_kg(days, date(2024, 1, 1), date(2024, 1, 3)) == Decimal("0.333333")


@pytest.mark.parametrize(
    ("kilograms", "direction", "percent"),
    [
        ([10, 10, 5, 5], "decreasing", "-50"),
        ([10, 10, 10, 30], "increasing", "100"),
        ([10, 99, 10], "stable", "0"),
        ([1000, 1009], "stable", "0.9"),
        ([0, 3], "increasing", None),
        ([7], "stable", None),
        ([], "stable", None),
    ],
)
def test_a_trend_compares_the_halves(kilograms: list[int], direction: str, percent: str | None) -> None:
    first = date(2024, 1, 1)
    days = {first + timedelta(days=number): Co2e.from_kg(Decimal(kg)) for number, kg in enumerate(kilograms)}
    found = trend(days, first, first + timedelta(days=max(len(kilograms), 1) - 1))
    assert found.direction == direction
    assert found.change_percent == (None if percent is None else Decimal(percent))
