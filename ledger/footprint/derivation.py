"""From what was counted to CO2e: which factor, how much of it, and what had to be assumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from ledger.footprint.errors import DetailMissing, NoFactor, NothingToMeasure, UnitDoesNotFit
from ledger.footprint.factors import Factor, FactorTable
from ledger.footprint.naming import AVERAGE_FOOD, activity_of, is_flight, word
from ledger.footprint.report import FLIGHT_CLASSES, ActivityReport, Item
from ledger.footprint.units import Dimension, Unit, co2e, converted, shown, unit_named, units_of
from ledger.kernel.errors import InvalidEmissionData
from ledger.kernel.units import Co2e

SHORT_FLIGHT_KM = 3_700
"""A flight up to here is a short one: the length to which DESNZ counts flights as short-haul."""

SEAT_SET = "desnz-2025"
"""The set whose seat classes weigh a flight, where the set in use has one factor for all seats."""

FOOD_PORTION_KG = Decimal("0.1")
"""Our assumption of what a food weighs that was named without its weight."""

ITEM_KG = MappingProxyType(
    {
        "coat": Decimal("1.2"),
        "dress": Decimal("0.4"),
        "jacket": Decimal("0.8"),
        "jeans": Decimal("0.6"),
        "shirt": Decimal("0.2"),
        "skirt": Decimal("0.3"),
        "sweater": Decimal("0.5"),
        "t_shirt": Decimal("0.15"),
        "trousers": Decimal("0.5"),
    }
)
"""Our assumptions of what a piece of clothing weighs; each use of one is said in the result."""

MEASURES = ("consumption", "quantity", "weight", "distance", "foodItems", "items")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is unusual about a result, or was assumed for it, without making it wrong."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Part:
    """So much of an activity (in the factor's unit), the factor, and how many times it weighs."""

    quantity: Fraction
    factor: Factor
    weight: Fraction = Fraction(1)

    @property
    def co2_kg(self) -> Fraction:
        """Quantity x factor x weight, in kg CO2e, exact."""
        return self.quantity * Fraction(self.factor.co2e_kg_per_unit) * self.weight

    @property
    def co2(self) -> Co2e:
        """The same to the milligram."""
        return co2e(self.co2_kg)

    @property
    def shown_quantity(self) -> Decimal:
        """The quantity to twelve decimals."""
        return shown(self.quantity)


@dataclass(frozen=True, slots=True)
class Derivation:
    """An amount of CO2e with everything that it rests on."""

    parts: tuple[Part, ...]
    counted: str
    notices: tuple[Notice, ...] = ()

    @property
    def co2_kg(self) -> Fraction:
        """The sum of the parts, in kg CO2e, exact."""
        return sum((part.co2_kg for part in self.parts), Fraction(0))

    @property
    def factors(self) -> list[Factor]:
        """Each factor that was used, once."""
        return list(dict.fromkeys(part.factor for part in self.parts))

    @property
    def kg_per_unit(self) -> Fraction | None:
        """What one unit emits, in kg CO2e; None where several factors add up, each with its own."""
        weights = {(part.factor, part.weight) for part in self.parts}
        if len(weights) != 1:
            return None
        factor, weight = weights.pop()
        return Fraction(factor.co2e_kg_per_unit) * weight

    @property
    def method(self) -> str:
        """How the amount was reached, for people."""
        used = ", ".join(f"{factor.factor_id} ({factor.edition})" for factor in self.factors)
        return f"{self.counted} x {used}"


@dataclass(frozen=True, slots=True)
class _Counted:
    """A field that says how much there was."""

    field: str
    amount: Decimal
    unit: str | None


def derive(report: ActivityReport, table: FactorTable) -> Derivation:
    """What the report's own figures amount to, by one factor or by one for each food or thing.

    Raises:
        NothingToMeasure: no figure to derive anything from.
        DetailMissing, UnknownUnit, UnitDoesNotFit: see there.
        NoFactor: nothing that is shipped measures it.
    """
    if report.items or report.food_items:
        if report.factor_id is not None:
            raise InvalidEmissionData("A factorId goes with one quantity, not with a list.", field="factorId")
        return _goods(report.items, table) if report.items else _meal(report, table)
    if report.weight is not None and report.distance is not None:
        return _carried(report, report.weight, report.distance, table)
    for counted in (
        _counted("consumption", report.consumption, report.consumption_unit),
        _counted("quantity", report.quantity, report.quantity_unit),
        _counted("weight", report.weight, report.weight_unit),
    ):
        if counted is not None:
            return _one(report, counted, table)
    if report.distance is not None:
        counted = _Counted("distance", report.distance, report.distance_unit or "km")
        flown = is_flight(report) and report.factor_id is None
        return _flight(report, counted, table) if flown else _one(report, counted, table)
    raise NothingToMeasure(
        f"Nothing to measure by: send co2Amount, or one of {', '.join(MEASURES)}.", fields=["co2Amount", *MEASURES]
    )


def _counted(field: str, amount: Decimal | None, unit: str | None) -> _Counted | None:
    return None if amount is None else _Counted(field, amount, unit)


def _one(report: ActivityReport, counted: _Counted, table: FactorTable) -> Derivation:
    """One quantity, one factor."""
    if report.factor_id is not None:
        factor = table.by_id(report.factor_id)
        unit = _unit(counted, factor.activity or "", [factor.unit.name])
        _must_measure(unit, [factor.unit.dimension], f"{counted.field}Unit")
        return Derivation((Part(converted(counted.amount, unit, factor.unit), factor),), counted.field)
    activity = activity_of(report, counted.field, table)
    if activity not in table:
        raise NoFactor(f"No factor measures {activity} by {counted.field}: send another figure, or co2Amount.")
    unit = _unit(counted, activity, table.units(activity))
    _must_measure(unit, [unit_named(name).dimension for name in table.units(activity)], f"{counted.field}Unit")
    factor = table.find(activity, unit, report.region, report.factor_set)
    notices = _assumed_region(report, factor)
    if activity == AVERAGE_FOOD:
        notices = (*notices, _average_food([report.subcategory or report.category]))
    return Derivation((Part(converted(counted.amount, unit, factor.unit), factor),), counted.field, notices)


def _unit(counted: _Counted, activity: str, known: Sequence[str]) -> Unit:
    """The unit that was named, or the one that the standard implies."""
    if counted.unit is not None:
        return unit_named(counted.unit)
    if counted.field == "consumption" and activity == "electricity":
        return unit_named("kWh")
    if counted.field == "quantity" and activity.startswith(("food:", "goods:", "waste:")):
        return unit_named("kg")
    raise DetailMissing(f"{counted.field} needs its unit.", field=f"{counted.field}Unit", units=list(known))


def _must_measure(unit: Unit, dimensions: Sequence[Dimension], field: str) -> None:
    """Refuses a unit that measures something else."""
    if unit.dimension not in dimensions:
        fitting = [name for dimension in dict.fromkeys(dimensions) for name in units_of(dimension)]
        raise UnitDoesNotFit(
            f"{unit.name} measures {unit.dimension.value}: use {', '.join(fitting)}.",
            field=field,
            unit=unit.name,
            units=fitting,
        )


def _carried(report: ActivityReport, weight: Decimal, distance: Decimal, table: FactorTable) -> Derivation:
    """Freight: what it weighs times how far it went."""
    if report.weight_unit is None:
        raise DetailMissing("weight needs its unit.", field="weightUnit", units=units_of(Dimension.MASS))
    mass, way = unit_named(report.weight_unit), unit_named(report.distance_unit or "km")
    _must_measure(mass, [Dimension.MASS], "weightUnit")
    _must_measure(way, [Dimension.DISTANCE], "distanceUnit")
    tonne_km = unit_named("tonne_km")
    if report.factor_id is None:
        factor = table.find(activity_of(report, "weight", table), tonne_km, report.region, report.factor_set)
    else:
        factor = table.by_id(report.factor_id)
        _must_measure(tonne_km, [factor.unit.dimension], "factorId")
    carried = converted(weight, mass, unit_named("tonne")) * converted(distance, way, unit_named("km"))
    quantity = carried * tonne_km.size / factor.unit.size
    return Derivation((Part(quantity, factor),), "weight x distance", _assumed_region(report, factor))


def _flight(report: ActivityReport, counted: _Counted, table: FactorTable) -> Derivation:
    """A flight: short or long by its distance, weighed by its class."""
    unit, km = unit_named(counted.unit or "km"), unit_named("passenger_km")
    _must_measure(unit, [Dimension.DISTANCE], "distanceUnit")
    distance_km = converted(counted.amount, unit, km)
    flight = f"flight:{'short' if distance_km <= SHORT_FLIGHT_KM else 'long'}"
    seat = word(report.flight_class or "economy")
    if seat not in FLIGHT_CLASSES:
        raise InvalidEmissionData(
            f"flightClass {report.flight_class!r} is not known.", field="flightClass", known=list(FLIGHT_CLASSES)
        )
    factor = table.find(flight, km, report.region, report.factor_set)
    notices = _assumed_region(report, factor)
    if seat == "economy":
        return Derivation((Part(distance_km, factor),), counted.field, notices)
    if f"{flight}:{seat}" not in table:
        raise NoFactor(
            f"No factor for a {seat.replace('_', ' ')} seat on a flight of this length: send another flightClass.",
            known=["economy", *table.activities(f"{flight}:")],
        )
    in_seat = table.find(f"{flight}:{seat}", km, factor_set=SEAT_SET)
    if factor.factor_set == SEAT_SET:
        return Derivation((Part(distance_km, in_seat),), counted.field, notices)
    economy = table.find(flight, km, factor_set=SEAT_SET)
    weight = Fraction(in_seat.co2e_kg_per_unit) / Fraction(economy.co2e_kg_per_unit)
    notice = Notice(
        "seat_weight",
        f"One factor of {factor.factor_set} serves all seats; weighed by {in_seat.factor_id} / {economy.factor_id}.",
    )
    return Derivation((Part(distance_km, factor, weight),), counted.field, (*notices, notice))


def _meal(report: ActivityReport, table: FactorTable) -> Derivation:
    """Foods that were named without their weight, each counted as one portion."""
    kg = unit_named("kg")
    parts, averaged = [], []
    for food in report.food_items:
        activity = f"food:{word(food)}"
        if activity not in table:
            activity = AVERAGE_FOOD
            averaged.append(food)
        factor = table.find(activity, kg, factor_set=report.factor_set)
        parts.append(Part(converted(FOOD_PORTION_KG, kg, factor.unit), factor))
    notices = [Notice("assumed_portion", f"Foods without a weight were counted as {FOOD_PORTION_KG} kg each.")]
    if averaged:
        notices.append(_average_food(averaged))
    return Derivation(tuple(parts), "foodItems", tuple(notices))


def _goods(items: Sequence[Item], table: FactorTable) -> Derivation:
    """Clothes by the piece: their production, for the weight that such a piece is assumed to have."""
    kg = unit_named("kg")
    factor = table.find("goods:clothing", kg)
    parts = []
    for item in items:
        weight_kg = ITEM_KG.get(word(item.kind))
        if weight_kg is None:
            raise NoFactor(
                f"No weight is known for {item.kind!r}: send quantity in kg with a subcategory, or co2Amount.",
                items=sorted(ITEM_KG),
                subcategories=table.activities("goods:"),
            )
        parts.append(Part(converted(weight_kg * item.count, kg, factor.unit), factor))
    weights = ", ".join(f"{kind} {ITEM_KG[kind]} kg" for kind in dict.fromkeys(word(item.kind) for item in items))
    notice = Notice("assumed_weight", f"Counted by the weight that a piece is assumed to have: {weights}.")
    return Derivation(tuple(parts), "items", (notice,))


def _assumed_region(report: ActivityReport, factor: Factor) -> tuple[Notice, ...]:
    if factor.region is None or report.region is not None or report.factor_id is not None:
        return ()
    return (Notice("region_assumed", f"No region was named: {factor.factor_id} of {factor.region} was used."),)


def _average_food(foods: Sequence[str]) -> Notice:
    return Notice("average_food", f"Counted by the average of food and drink: {', '.join(foods)}.")
