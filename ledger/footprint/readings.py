"""Meter readings from files: monthly bills split by days, and half-hours with their duplicates and holes."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Self

from ledger.kernel.errors import InvalidInput
from ledger.kernel.units import Quantity, plain, whole

KWH_DECIMALS = 6
HALF_HOUR = timedelta(minutes=30)


class Energy(Quantity):
    """Energy, in milliwatt-hours: a millionth of a kilowatt-hour, so that a bill splits by days without a remainder."""

    __slots__ = ()

    @classmethod
    def from_kwh(cls, kwh: Decimal) -> Self:
        """Energy from kilowatt-hours with at most six decimals.

        Raises:
            ValueError: not finite, negative, or finer.
        """
        return cls(whole(kwh, KWH_DECIMALS))

    @property
    def kwh(self) -> Decimal:
        """The same energy in kilowatt-hours, exact."""
        return plain(Decimal(int(self)).scaleb(-KWH_DECIMALS))


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the one before the end."""

    first_day: date
    end_day: date

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.end_day - self.first_day).days


@dataclass(frozen=True, slots=True)
class Bill:
    """What was used in a period."""

    period: Period
    energy: Energy

    def by_day(self) -> Iterator[tuple[date, Energy]]:
        """Each day's equal share, in whole milliwatt-hours that sum to the bill exactly."""
        days, shared = self.period.days, 0
        for number in range(1, days + 1):
            until_down = int(self.energy) * number // days
            yield self.period.first_day + timedelta(days=number - 1), Energy(until_down - shared)
            shared = until_down


@dataclass(frozen=True, slots=True)
class Bills:
    """The bills of a file, and the periods of which it knows no figure."""

    bills: tuple[Bill, ...]
    unknown: tuple[Period, ...]

    @property
    def energy(self) -> Energy:
        """The sum of all bills."""
        return sum((bill.energy for bill in self.bills), Energy(0))

    def by_day(self) -> dict[date, Energy]:
        """All days that a bill covers; a bill over New Year belongs to both years."""
        return {day: energy for bill in self.bills for day, energy in bill.by_day()}

    def of_year(self, year: int) -> Energy:
        """What falls into a calendar year."""
        return sum((energy for day, energy in self.by_day().items() if day.year == year), Energy(0))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was used in the half-hour that starts here."""

    at: datetime
    energy: Energy


@dataclass(frozen=True, slots=True)
class Hole:
    """Half-hours without a reading, between the last one before and the first one after."""

    after: datetime
    before: datetime
    missing: int


@dataclass(frozen=True, slots=True)
class HalfHours:
    """The readings of a file in order, and what was wrong with the others. A hole stays one: it is not zero."""

    rows: int
    readings: tuple[Reading, ...]
    repeated: tuple[datetime, ...]
    """Stamps that came again with the same figure; it counts once."""
    conflicting: tuple[datetime, ...]
    """Stamps that came again with another figure; neither counts."""
    holes: tuple[Hole, ...]

    @property
    def energy(self) -> Energy:
        """The sum of all readings that count."""
        return sum((reading.energy for reading in self.readings), Energy(0))

    def by_day(self) -> dict[date, Energy]:
        """What was read on each day, in the zone of the readings."""
        days: dict[date, Energy] = {}
        for reading in self.readings:
            day = reading.at.date()
            days[day] = days.get(day, Energy(0)) + reading.energy
        return days


def read_bills(lines: Iterable[str], start: str = "period_start", energy: str = "energy_kwh") -> Bills:
    """Bills from a table of starts and kilowatt-hours, where each row ends the period of the row before.

    A start belongs to the day that its own stamp names, whatever the clock was set to. The last row only ends the last
    period. A figure that is blank or `nan` is unknown, never zero.

    Raises:
        InvalidInput: a row is wrong; the message says which and why.
    """
    rows = list(_rows(lines, start, energy))
    bills, unknown = [], []
    for (number, at, figure), (next_number, end, _) in pairwise(rows):
        period = Period(at.date(), end.date())
        if period.days < 1:
            raise InvalidInput(f"Row {next_number}: {end.date()} does not come after {at.date()}.", row=next_number)
        if figure is None:
            unknown.append(period)
        else:
            bills.append(Bill(period, _energy(number, figure)))
    return Bills(tuple(bills), tuple(unknown))


def read_half_hours(lines: Iterable[str], start: str = "half_hour_start", energy: str = "energy_kwh") -> HalfHours:
    """Half-hourly readings from a table of starts (without an offset: UTC) and kilowatt-hours, in any order.

    Raises:
        InvalidInput: a row is wrong, or stands no whole number of half-hours from the first; the message says which.
    """
    rows = list(_rows(lines, start, energy))
    figures: dict[datetime, Energy] = {}
    repeated, conflicting = [], set()
    for number, at, figure in rows:
        if (at - rows[0][1]) % HALF_HOUR:
            raise InvalidInput(f"Row {number}: {at} is no whole number of half-hours from the first.", row=number)
        if figure is None:
            continue
        read = _energy(number, figure)
        if at not in figures:
            figures[at] = read
        elif figures[at] == read:
            repeated.append(at)
        else:
            conflicting.add(at)
    readings = tuple(Reading(at, read) for at, read in sorted(figures.items()) if at not in conflicting)
    return HalfHours(len(rows), readings, tuple(repeated), tuple(sorted(conflicting)), tuple(_holes(readings)))


def _holes(readings: tuple[Reading, ...]) -> Iterator[Hole]:
    for reading, following in pairwise(readings):
        missing = (following.at - reading.at) // HALF_HOUR - 1
        if missing:
            yield Hole(reading.at, following.at, missing)


def _rows(lines: Iterable[str], start: str, energy: str) -> Iterator[tuple[int, datetime, str | None]]:
    """Each row's number (the first under the header is 1), start and figure; lines that begin with # are comments."""
    table = csv.DictReader((line for line in lines if not line.startswith("#")), skipinitialspace=True)
    if not {start, energy} <= set(table.fieldnames or ()):
        raise InvalidInput(f"The table needs the columns {start} and {energy}.", columns=list(table.fieldnames or ()))
    for number, row in enumerate(table, start=1):
        if None in row:  # where csv keeps what the header has no name for
            raise InvalidInput(f"Row {number} has more fields than the header: is it a decimal comma?", row=number)
        text = row[start] or ""
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise InvalidInput(f"Row {number}: {text!r} is no moment that exists.", row=number) from None
        figure = (row[energy] or "").strip()
        yield number, at if at.tzinfo else at.replace(tzinfo=UTC), None if figure.lower() in {"", "nan"} else figure


def _energy(number: int, figure: str) -> Energy:
    try:
        return Energy.from_kwh(Decimal(figure))
    except (ValueError, InvalidOperation):
        raise InvalidInput(f"Row {number}: {figure!r} is no amount of kWh that a meter counts.", row=number) from None
