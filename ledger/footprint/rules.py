"""What an activity report amounts to, and what makes one wrong. Pure: no database, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ledger.footprint.derivation import Derivation, Notice, derive
from ledger.footprint.errors import DetailMissing, NoFactor, NothingToMeasure
from ledger.footprint.factors import FactorTable
from ledger.footprint.report import (
    CATEGORIES,
    PERSONAL_CATEGORIES,
    USUAL_DAY_AT_MOST_KG,
    VERIFICATION_METHODS,
    ActivityReport,
)
from ledger.footprint.units import co2e, shown
from ledger.kernel.errors import InvalidEmissionData
from ledger.kernel.units import MG_PER_KG, Co2e

PERSONAL_LIMIT_KG = 10_000
"""The most that one personal activity may emit (the standard's VAL-003). Companies and logistics have no such limit."""

ANY_LIMIT_KG = 1_000_000_000
"""The most that any one activity may emit: a million tonnes, beyond which a unit was mistaken."""

LARGE_GAP = Fraction(3, 10)
"""How far, relative to the derived amount, a stated one may lie from it unremarked. A mile taken for a kilometre is
further off in either direction."""

_LARGEST_EXPONENT, _SMALLEST_EXPONENT = 15, -60


@dataclass(frozen=True, slots=True)
class Assessment:
    """What counts (`co2`), what the factors say (`derived`), and what is worth knowing about either."""

    co2: Co2e
    derived: Co2e | None
    derivation: Derivation | None
    notices: tuple[Notice, ...]

    @property
    def quantity(self) -> Decimal | None:
        """How much there was in the factor's unit, to twelve decimals; None where several units add up."""
        if self.derivation is None or self.unit is None:
            return None
        return shown(sum((part.quantity for part in self.derivation.parts), Fraction(0)))

    @property
    def unit(self) -> str | None:
        """The unit of `quantity`."""
        units = {part.factor.unit.name for part in self.derivation.parts} if self.derivation else set()
        return units.pop() if len(units) == 1 else None

    @property
    def factor_id(self) -> str | None:
        """The id of the factor, or of all that were summed, separated by commas."""
        return ",".join(factor.factor_id for factor in self.derivation.factors) if self.derivation else None

    @property
    def factor_edition(self) -> str | None:
        """The edition of the factor, or of all that were summed, in the order of their ids."""
        return ",".join(factor.edition for factor in self.derivation.factors) if self.derivation else None

    @property
    def emission_factor_kg(self) -> Decimal | None:
        """What one `unit` emits, in kg CO2e to twelve decimals; None where several factors add up."""
        per_unit = None if self.derivation is None else self.derivation.kg_per_unit
        return None if per_unit is None else shown(per_unit)

    @property
    def direct(self) -> Co2e:
        """What of the derived amount is emitted by the person's or company's own burning: scope 1."""
        if self.derivation is None:
            return Co2e(0)
        return co2e(sum((part.co2_kg for part in self.derivation.parts if part.factor.scope == 1), Fraction(0)))


def assess(report: ActivityReport, table: FactorTable, *, personal: bool) -> Assessment:
    """Checks a report and works out what it amounts to; `personal` says whether a person reports.

    A stated amount of CO2e is what counts; what the factors give is kept beside it, and a large gap is noticed.

    Raises:
        InvalidEmissionData: anything about it makes no sense; the facts name the field and what would.
        CalculationFailed: no amount is stated, and no factor fits.
    """
    _check(report)
    stated = None if report.co2_kg is None else co2e(Fraction(report.co2_kg))
    derivation = _derive(report, table)
    derived = None if derivation is None else co2e(derivation.co2_kg)
    co2 = derived if stated is None else stated
    if co2 is None:
        raise AssertionError("a report without a stated amount was neither derived nor refused")
    _check_limits(report, co2, personal=personal)
    notices = [] if derivation is None else list(derivation.notices)
    if derived is not None and stated is not None:
        notices = list(_gap(stated, derived))
    usual_kg = USUAL_DAY_AT_MOST_KG.get(report.category)
    if personal and usual_kg is not None and co2 > usual_kg * MG_PER_KG:
        notices.append(
            Notice(
                "above_usual_day", f"A person's {report.category} of a whole day is usually below {usual_kg} kg CO2e."
            )
        )
    return Assessment(co2, derived, derivation, tuple(notices))


def _derive(report: ActivityReport, table: FactorTable) -> Derivation | None:
    """The derived amount; None where one is stated and none can be derived. A wrong unit stays wrong."""
    try:
        return derive(report, table)
    except (NothingToMeasure, DetailMissing, NoFactor):
        if report.co2_kg is None:
            raise
        return None


def _gap(stated: Co2e, derived: Co2e) -> Iterator[Notice]:
    if abs(int(stated) - int(derived)) > LARGE_GAP * int(derived):
        yield Notice(
            "far_from_derived",
            f"The stated amount counts, but lies far from the {derived.kg} kg CO2e that the factor gives.",
        )


def _check(report: ActivityReport) -> None:
    if report.category not in CATEGORIES:
        raise InvalidEmissionData(
            f"There is no category {report.category!r}.", field="category", known=list(CATEGORIES)
        )
    method = report.verification_method
    if method is not None and method not in VERIFICATION_METHODS:
        raise InvalidEmissionData(
            f"There is no verification method {method!r}.", field="verificationMethod", known=list(VERIFICATION_METHODS)
        )
    for field, number in (
        ("co2Amount", report.co2_kg),
        ("distance", report.distance),
        ("consumption", report.consumption),
        ("quantity", report.quantity),
        ("weight", report.weight),
        *((f"items[{index}].quantity", item.count) for index, item in enumerate(report.items)),
    ):
        if number is not None:
            _check_number(field, number)


def _check_number(field: str, number: Decimal) -> None:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or (number and exponent < _SMALLEST_EXPONENT):
        raise InvalidEmissionData(f"{field} is no number that could be measured.", field=field)
    if number < 0:
        raise InvalidEmissionData(f"{field} is negative; an emission never is.", field=field)
    if number and number.adjusted() > _LARGEST_EXPONENT:
        raise InvalidEmissionData(f"{field} is larger than anything that could be measured.", field=field)


def _check_limits(report: ActivityReport, co2: Co2e, *, personal: bool) -> None:
    limit_kg = PERSONAL_LIMIT_KG if personal and report.category in PERSONAL_CATEGORIES else ANY_LIMIT_KG
    over = co2 > limit_kg * MG_PER_KG or (report.co2_kg is not None and report.co2_kg > limit_kg)
    if over:
        raise InvalidEmissionData(
            f"One activity emits at most {limit_kg} kg CO2e: check its unit.",
            field="co2Amount",
            limitKg=limit_kg,
        )
