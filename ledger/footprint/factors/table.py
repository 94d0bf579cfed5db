import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from ledger.footprint.errors import NoFactor, RegionNeeded, UnknownFactor
from ledger.footprint.units import Unit, unit_named

DEFAULT_SET = "wia-1.0"
DEFAULT_REGION = "US"

_PREFERENCE = (DEFAULT_SET, "desnz-2025", "egrid2023", "cfr98", "ember", "epa-scf-1.3.0")
_TABLES = ("wia_1_0.csv", "published.csv")
_NUMBERS = (
    "co2e_kg_per_unit",
    "co2_kg_per_unit",
    "ch4_co2e_kg_per_unit",
    "n2o_co2e_kg_per_unit",
    "ch4_g_per_unit",
    "n2o_g_per_unit",
    "biogenic_co2_kg_per_unit",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """What one unit of an activity emits, as its source published it. A number that the source left blank is None.

    `activity` is our own word for what the factor measures; None marks a row that is used by its id only.
    `co2e_kg_per_unit` is in kg CO2e; gases ending in `_g_per_unit` are masses, those in `_co2e_kg_per_unit` are CO2e.
    `scope` is the GHG Protocol's, from the view of who reports the activity.
    """

    factor_id: str
    factor_set: str
    activity: str | None
    title: str
    unit: Unit
    co2e_kg_per_unit: Decimal
    co2_kg_per_unit: Decimal | None
    ch4_co2e_kg_per_unit: Decimal | None
    n2o_co2e_kg_per_unit: Decimal | None
    ch4_g_per_unit: Decimal | None
    n2o_g_per_unit: Decimal | None
    biogenic_co2_kg_per_unit: Decimal | None
    gwp_set: str | None
    scope: int
    scope3_category: str | None
    lifecycle_stage: str | None
    region: str | None
    data_year: int | None
    edition: str
    source: str
    source_url: str
    licence: str
    note: str | None


class FactorTable:
    """Factors by id, and by what they measure, where, and in which unit."""

    def __init__(self, factors: Iterable[Factor]) -> None:
        """Takes factors whose ids differ, and at most one per set, activity, region and unit."""
        self._by_id: dict[str, Factor] = {}
        self._by_activity: dict[str, list[Factor]] = defaultdict(list)
        places = set()
        for factor in factors:
            place = (factor.factor_set, factor.activity, factor.region, factor.unit)
            if factor.factor_id in self._by_id or (factor.activity and place in places):
                raise AssertionError(f"factor {factor.factor_id} is in the table twice")
            self._by_id[factor.factor_id] = factor
            if factor.activity:
                places.add(place)
                self._by_activity[factor.activity].append(factor)

    def __iter__(self) -> Iterator[Factor]:
        return iter(self._by_id.values())

    def __contains__(self, activity: str) -> bool:
        """Whether any factor measures this activity."""
        return activity in self._by_activity

    def activities(self, prefix: str = "") -> list[str]:
        """What the table can measure, in alphabetical order, without the prefix."""
        return sorted(name.removeprefix(prefix) for name in self._by_activity if name.startswith(prefix))

    def units(self, activity: str) -> list[str]:
        """The units in which the activity's factors count."""
        return sorted({factor.unit.name for factor in self._by_activity.get(activity, ())})

    def by_id(self, factor_id: str) -> Factor:
        """The factor of this id.

        Raises:
            UnknownFactor: there is none.
        """
        try:
            return self._by_id[factor_id]
        except KeyError:
            raise UnknownFactor(
                f"There is no factor {factor_id!r}.", field="factorId", factorSets=list(_PREFERENCE)
            ) from None

    def find(self, activity: str, unit: Unit, region: str | None = None, factor_set: str | None = None) -> Factor:
        """The factor for an activity that was counted in `unit`.

        The standard's own set comes first, a factor of exactly the named region before one of the country around it
        (US for US-RFCW). Without a region the set's only one, or `DEFAULT_REGION`, is taken.

        Raises:
            UnknownFactor: no set of this name.
            NoFactor: no set, or not the named one, measures this activity there in such a unit.
            RegionNeeded: the set knows many regions, and none was named.
        """
        if factor_set is not None and factor_set not in _PREFERENCE:
            raise UnknownFactor(
                f"There is no factor set {factor_set!r}.", field="factorSet", factorSets=list(_PREFERENCE)
            )
        fitting = [
            factor
            for factor in self._by_activity.get(activity, ())
            if factor.unit.dimension is unit.dimension and factor_set in {None, factor.factor_set}
        ]
        around = None if region is None else region.partition("-")[0]
        there = [factor for factor in fitting if region is None or factor.region in {None, region, around}]
        if not there:
            raise NoFactor(
                f"No factor for {activity} in {region}: name another region, a factorId, or send co2Amount."
                if fitting
                else f"No factor for {activity}: name a factorId, or send co2Amount.",
                activity=activity,
                regions=sorted({factor.region for factor in fitting if factor.region})[:50],
            )
        best = min(_rank(factor, region, unit)[:2] for factor in there)
        closest = [factor for factor in there if _rank(factor, region, unit)[:2] == best]
        if region is None and len({factor.region for factor in closest}) > 1:
            closest = [factor for factor in closest if factor.region == DEFAULT_REGION]
        if not closest:
            raise RegionNeeded(f"Name the region whose factor for {activity} is meant.", field="region")
        return min(closest, key=lambda factor: _rank(factor, region, unit))


def _rank(factor: Factor, region: str | None, unit: Unit) -> tuple[bool, int, bool, str]:
    """Lower is better: the named region before the country around it, then the set, then the very unit."""
    exact = region is None or factor.region in {None, region}
    return not exact, _PREFERENCE.index(factor.factor_set), factor.unit != unit, factor.factor_id


@cache
def shipped() -> FactorTable:
    """The tables that come with this package, read once."""
    return FactorTable(factor for name in _TABLES for factor in _read(name))


def _read(name: str) -> Iterator[Factor]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield _factor(row)


def _factor(row: dict[str, str]) -> Factor:
    known: dict[str, str | None] = {column: text or None for column, text in row.items()}
    numbers = {column: Decimal(text) if (text := known.pop(column)) else None for column in _NUMBERS}
    if numbers["co2e_kg_per_unit"] is None:
        raise AssertionError(f"factor {row['factor_id']} has no figure: not published is not zero")
    return Factor(
        **known
        | numbers
        | {"unit": unit_named(row["unit"]), "scope": int(row["scope"])}  # type: ignore[arg-type]  # one row, one type a column
        | {"data_year": int(row["data_year"]) if row["data_year"] else None}
    )
