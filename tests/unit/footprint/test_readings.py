"""Meter files as they come: bills over New Year, an end marker, duplicates, holes."""

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.footprint.readings import Bill, Energy, Hole, Period, read_bills, read_half_hours
from ledger.kernel.errors import InvalidInput

DEMO = Path(__file__).parents[3] / "ccm" / "demo" / "data"


def half_hours(*rows: str) -> list[str]:
    return ["half_hour_start,energy_kwh", *rows]


def bills(*rows: str) -> list[str]:
    return ["period_start,energy_kwh", *rows]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 5, 1, hour, minute, tzinfo=UTC)


def test_a_bill_over_new_year_belongs_to_both_years_and_sums_to_itself() -> None:
    read = read_bills(bills("2016-12-19T00:00:00-06:00,1099.29", "2017-01-21T00:00:00-06:00,nan"))
    assert read.of_year(2016) + read.of_year(2017) == Energy.from_kwh(Decimal("1099.29"))
    assert read.of_year(2016).kwh == pytest.approx(Decimal("1099.29") * 13 / 33, abs=Decimal("0.000001"))


def test_a_bill_from_the_sixth_to_the_sixth_splits_by_days_with_the_end_exclusive() -> None:
    bill = Bill(Period(date(2023, 1, 6), date(2023, 2, 6)), Energy.from_kwh(Decimal(44160)))
    days = dict(bill.by_day())
    assert (min(days), max(days), len(days)) == (date(2023, 1, 6), date(2023, 2, 5), 31)
    january = sum((energy for day, energy in days.items() if day.month == 1), Energy(0))
    assert january.kwh.quantize(Decimal("0.01")) == Decimal("37037.42")
    assert sum(days.values(), Energy(0)) == bill.energy


@given(st.integers(0, 10**14), st.integers(1, 400))
def test_the_days_of_any_bill_sum_to_the_bill_and_differ_by_one_unit_at_most(energy: int, length: int) -> None:
    first = date(2023, 1, 1)
    bill = Bill(Period(first, date.fromordinal(first.toordinal() + length)), Energy(energy))
    shares = [int(share) for _, share in bill.by_day()]
    assert sum(shares) == energy
    assert max(shares) - min(shares) <= 1


def test_the_last_row_only_ends_the_last_period() -> None:
    for marker in ("nan", "", "NaN"):
        read = read_bills(bills("2024-01-01T00:00:00Z,10", f"2024-02-01T00:00:00Z,{marker}"))
        assert [bill.energy.kwh for bill in read.bills] == [10]
        assert read.unknown == ()


def test_a_bill_without_a_figure_is_unknown_and_not_zero() -> None:
    read = read_bills(bills("2024-01-01T00:00:00Z,10", "2024-02-01T00:00:00Z,nan", "2024-03-01T00:00:00Z,"))
    assert read.unknown == (Period(date(2024, 2, 1), date(2024, 3, 1)),)
    assert read.energy.kwh == 10
    assert date(2024, 2, 10) not in read.by_day()


def test_a_start_in_summer_time_stays_on_its_own_date() -> None:
    read = read_bills(bills("2016-03-23T01:00:00-05:00,31", "2016-04-21T01:00:00-05:00,"))
    assert read.bills[0].period == Period(date(2016, 3, 23), date(2016, 4, 21))


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (("2024-02-01T00:00:00Z,1", "2024-01-01T00:00:00Z,"), "Row 2: .* does not come after"),
        (("2024-02-01T00:00:00Z,1", "2024-02-01T12:00:00Z,"), "Row 2: .* does not come after"),
        (("2024-02-30T00:00:00Z,1", "2024-03-01T00:00:00Z,"), "Row 1: .* no moment"),
        (("2024-02-01T00:00:00Z,-1", "2024-03-01T00:00:00Z,"), "Row 1: '-1'"),
        (("2024-02-01T00:00:00Z,1,5", "2024-03-01T00:00:00Z,"), "Row 1 has more fields"),
        (('2024-02-01T00:00:00Z,"1,5"', "2024-03-01T00:00:00Z,"), "Row 1: '1,5'"),
        (("2024-02-01T00:00:00Z,Infinity", "2024-03-01T00:00:00Z,"), "Row 1: 'Infinity'"),
    ],
)
def test_a_wrong_row_is_refused_by_its_number(rows: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        read_bills(bills(*rows))


def test_a_table_without_the_columns_is_refused() -> None:
    with pytest.raises(InvalidInput, match="needs the columns"):
        read_bills(["start,value", "2024-01-01,1"])


def test_a_half_hour_that_comes_twice_counts_once() -> None:
    read = read_half_hours(half_hours("2024-05-01 00:00:00,0.2", "2024-05-01 00:30:00,0.3", "2024-05-01 00:30:00,0.3"))
    assert (read.rows, len(read.readings), read.energy.kwh) == (3, 2, Decimal("0.5"))
    assert read.repeated == (at(0, 30),)


def test_a_half_hour_with_two_figures_counts_for_nothing_and_is_reported() -> None:
    read = read_half_hours(
        half_hours(
            "2024-05-01 00:00:00,0.2", "2024-05-01 00:30:00,0.3", "2024-05-01 00:30:00,0.4", "2024-05-01 01:00:00,0.1"
        )
    )
    assert read.conflicting == (at(0, 30),)
    assert read.energy.kwh == Decimal("0.3")
    assert read.holes == (Hole(at(0), at(1), 1),)


def test_a_hole_is_reported_and_not_filled() -> None:
    read = read_half_hours(half_hours("2024-05-01 00:00:00,0.2", "2024-05-01 01:00:00,nan", "2024-05-01 02:00:00,0.1"))
    assert read.holes == (Hole(at(0), at(2), 3),)
    assert read.energy.kwh == Decimal("0.3")


def test_rows_in_any_order_make_the_same_readings() -> None:
    rows = ["2024-05-01 00:30:00,0.3", "2024-05-01 00:00:00,0.2", "2024-05-01 01:00:00,0.1"]
    assert read_half_hours(half_hours(*rows)).readings == read_half_hours(half_hours(*sorted(rows))).readings


def test_a_stamp_beside_the_half_hours_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"Row 2: .* half-hours"):
        read_half_hours(half_hours("2024-05-01 00:00:00,0.2", "2024-05-01 00:17:00,0.2"))


def test_the_demos_own_files_hold_what_their_readme_says() -> None:
    with (DEMO / "illinois_household_bills.csv").open() as lines:
        household = read_bills(lines)
    assert (len(household.bills), household.energy.kwh) == (26, Decimal("21290.17"))
    assert household.of_year(2016).kwh.quantize(Decimal("0.01")) == Decimal("10315.29")
    assert household.of_year(2017).kwh.quantize(Decimal("0.01")) == Decimal("8925.46")
    with (DEMO / "london_fortnight_half_hours.csv").open() as lines:
        london = read_half_hours(lines)
    assert (london.rows, len(london.readings), london.energy.kwh) == (610, 609, Decimal("150.359"))


@pytest.fixture
def cases() -> Path:
    """The folder of real meter files that CCM_CASES names; where it names one, it has to be there."""
    named = os.environ.get("CCM_CASES")
    if named is None:
        pytest.skip("CCM_CASES names no folder of real meter files; the small inputs above hold each of their traps")
    assert Path(named).is_dir(), f"CCM_CASES names {named}, which is no folder"
    return Path(named)


def test_real_bills_of_a_household_in_illinois(cases: Path) -> None:
    with (cases / "utility_bills_electric.csv").open() as lines:
        read = read_bills(lines, "start", "value")
    assert (len(read.bills), len(read.by_day())) == (26, 790)
    assert read.energy.kwh == Decimal("21290.17")
    assert read.of_year(2016).kwh.quantize(Decimal("0.0001")) == Decimal("10315.2902")
    assert read.of_year(2017).kwh.quantize(Decimal("0.01")) == Decimal("8925.46")


def test_real_half_hours_of_a_household_in_london(cases: Path) -> None:
    with (cases / "uk_halfhour_lcl_a.csv").open() as lines:
        read = read_half_hours(lines, "start", "value")
    assert (read.rows, len(read.repeated), read.conflicting, len(read.readings)) == (610, 1, (), 609)
    assert read.energy.kwh == Decimal("150.359")
    assert [(hole.after.isoformat(), hole.before.isoformat(), hole.missing) for hole in read.holes] == [
        ("2012-11-08T00:00:00+00:00", "2012-11-09T00:30:00+00:00", 48)
    ]
