"""From the words of a report to the activity that a factor measures, such as car:gasoline, food:beef, freight:truck."""

from types import MappingProxyType

from ledger.footprint.errors import DetailMissing, NoFactor
from ledger.footprint.factors import FactorTable
from ledger.footprint.report import TRANSPORT_MODES, ActivityReport
from ledger.kernel.errors import InvalidEmissionData

_SAME = MappingProxyType(
    {
        "petrol": "gasoline",
        "ev": "electric",
        "battery_electric": "electric",
        "phev": "plug_in_hybrid",
        "rail": "train",
        "metro": "underground",
        "subway": "underground",
        "light_rail": "tram",
        "motorcycle": "motorbike",
        "plane": "flight",
        "airplane": "flight",
        "aircraft": "flight",
        "vegetable": "vegetables",
        "fruit": "fruits",
        "clothes": "clothing",
        "food_and_drink": "average",
    }
)
_CATEGORY_PREFIX = MappingProxyType({"food": "food:", "consumption": "goods:", "waste": "waste:"})
_CATEGORY_SUBJECT = MappingProxyType({"electricity": "electricity", "logistics": "freight"})
AVERAGE_FOOD = "food:average"
"""What stands for a food that no factor is known for."""

_FREIGHT = frozenset({"freight", "shipping", "shipment"})


def word(text: str) -> str:
    """A name as the factor tables write it: one word for each thing, in lower case."""
    written = "_".join(text.strip().casefold().replace("-", " ").replace("_", " ").split())
    return _SAME.get(written, written)


def is_flight(report: ActivityReport) -> bool:
    """Whether the report tells of a flight of its own author."""
    return report.subcategory is not None and word(report.subcategory) == "flight"


def activity_of(report: ActivityReport, counted: str, table: FactorTable) -> str:
    """The activity that the report is about, where `counted` is the field that says how much of it there was.

    Raises:
        DetailMissing: subcategory, fuelType or transportMode decide, and are not there.
        NoFactor: nothing in the table measures it.
    """
    named = report.subcategory or _CATEGORY_SUBJECT.get(report.category) or report.fuel_type
    if named is None:
        raise DetailMissing("Name what it was: subcategory is missing.", field="subcategory")
    subject = word(named)
    if subject in _FREIGHT:
        return f"freight:{_mode(report)}"
    if subject == "car":
        return _car(report, counted, table)
    fuel = word(report.fuel_type) if report.fuel_type else subject
    prefix = _CATEGORY_PREFIX.get(report.category, "fuel:")
    for activity in (subject, f"{prefix}{subject}", f"fuel:{fuel}"):
        if activity in table:
            return activity
    if report.category == "food":
        return AVERAGE_FOOD
    known = table.activities(prefix) if report.category in _CATEGORY_PREFIX else table.activities()
    raise NoFactor(
        f"No factor measures {report.category} of the kind {named!r}: "
        "name another subcategory or a factorId, or send co2Amount.",
        subcategories=known,
    )


def _car(report: ActivityReport, counted: str, table: FactorTable) -> str:
    """A car by its kilometres, or by what it was fed with."""
    fuels = table.activities("car:")
    if report.fuel_type is None:
        raise DetailMissing("A car's factor depends on fuelType, which is missing.", field="fuelType", known=fuels)
    fuel = word(report.fuel_type)
    if fuel not in fuels:
        raise InvalidEmissionData(f"fuelType {report.fuel_type!r} is not known.", field="fuelType", known=fuels)
    if counted == "distance":
        return f"car:{fuel}"
    return "electricity" if fuel == "electric" else f"fuel:{fuel}"


def _mode(report: ActivityReport) -> str:
    mode = (report.transport_mode or "").strip().upper()
    if not mode:
        raise DetailMissing(
            "The factor of freight depends on transportMode, which is missing.",
            field="transportMode",
            known=list(TRANSPORT_MODES),
        )
    if mode not in TRANSPORT_MODES:
        raise InvalidEmissionData(
            f"transportMode {report.transport_mode!r} is not known.", field="transportMode", known=list(TRANSPORT_MODES)
        )
    return mode.lower()
