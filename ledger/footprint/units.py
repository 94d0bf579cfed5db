"""Units that clients write, and how they turn into each other: exactly, and never by a guess between two meanings."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import MappingProxyType

from ledger.footprint.errors import UnknownUnit
from ledger.kernel.units import MG_PER_KG, Co2e, plain


class Dimension(Enum):
    """What a unit measures. Units of one dimension turn into each other."""

    DISTANCE = "distance"
    ENERGY = "energy"
    MASS = "mass"
    VOLUME = "volume"
    FREIGHT = "mass carried over a distance"
    STANDARD_GAS = "gas at standard conditions"
    SPEND = "spend in US dollars of 2022"
    STAY = "nights in a room"
    WORK = "hours of work"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, and how much of its dimension's base unit it is."""

    name: str
    dimension: Dimension
    size: Fraction


SHOWN_DECIMALS = 12

LB_IN_G = Fraction("453.59237")
SHORT_TON_IN_G = 2000 * LB_IN_G
LONG_TON_IN_G = 2240 * LB_IN_G
MILE_IN_M = Fraction("1609.344")
NAUTICAL_MILE_IN_M = Fraction(1852)
US_GALLON_IN_L = Fraction("3.785411784")
IMPERIAL_GALLON_IN_L = Fraction("4.54609")
MMBTU_IN_WH = Fraction("1055055852.62") / 3600  # a million International Table BTU, in joules by definition

_SIZES: dict[Dimension, dict[str, int | Fraction]] = {
    # a passenger_km is a kilometre of one passenger: who reports a trip reports their own
    Dimension.DISTANCE: {"m": 1, "km": 1000, "passenger_km": 1000, "mi": MILE_IN_M, "nmi": NAUTICAL_MILE_IN_M},
    # a gross calorific value is what gas and fuel bills state
    Dimension.ENERGY: {"Wh": 1, "kWh": 1000, "kWh_gross_cv": 1000, "MWh": 1_000_000, "MMBtu": MMBTU_IN_WH},
    Dimension.MASS: {
        "g": 1,
        "kg": 1000,
        "tonne": 1_000_000,
        "lb": LB_IN_G,
        "short_ton": SHORT_TON_IN_G,
        "long_ton": LONG_TON_IN_G,
    },
    Dimension.VOLUME: {
        "millilitre": Fraction(1, 1000),
        "litre": 1,
        "m3": 1000,
        "million_litre": 1_000_000,
        "gallon_us": US_GALLON_IN_L,
        "gallon_imperial": IMPERIAL_GALLON_IN_L,
    },
    Dimension.FREIGHT: {"tonne_km": 1, "short_ton_mile": SHORT_TON_IN_G * MILE_IN_M / 10**9},
    Dimension.STANDARD_GAS: {"scf": 1},
    Dimension.SPEND: {"usd_2022": 1},
    Dimension.STAY: {"room_night": 1},
    Dimension.WORK: {"fte_hour": 1},
}
_UNITS = {
    name: Unit(name, dimension, Fraction(size)) for dimension, sizes in _SIZES.items() for name, size in sizes.items()
}

_WORDS = MappingProxyType(
    {
        word: name
        for name, words in {
            "m": "metre metres meter meters",
            "km": "kilometre kilometres kilometer kilometers kms",
            "passenger_km": "pkm",
            "mi": "mile miles",
            "nmi": "nautical_mile nautical_miles",
            "kWh": "kwh kilowatt_hour kilowatt_hours",
            "MMBtu": "mmbtu",
            "g": "gram grams",
            "kg": "kgs kilogram kilograms kilo kilos",
            "tonne": "tonnes metric_ton metric_tons",
            "lb": "lbs pound pounds",
            "short_ton": "short_tons us_ton us_tons",
            "long_ton": "long_tons imperial_ton imperial_tons",
            "millilitre": "ml millilitres milliliter milliliters",
            "litre": "l litres liter liters",
            "m3": "m³ cubic_metre cubic_metres cubic_meter cubic_meters",
            "gallon_us": "us_gallon us_gallons gallons_us gal_us",
            "gallon_imperial": "imperial_gallon imperial_gallons gallons_imperial gal_imperial uk_gallon gallon_uk",
            "tonne_km": "tkm t-km ton-km tonne-km",
        }.items()
        for word in words.split()
    }
)
_TWO_MEANINGS = MappingProxyType(
    {
        "gallon": ("gallon_us", "gallon_imperial"),
        "gal": ("gallon_us", "gallon_imperial"),
        "ton": ("tonne", "short_ton", "long_ton"),
    }
)


def unit_named(text: str) -> Unit:
    """The unit that a client wrote: its symbol as it stands, or a word for it in any case.

    Symbols keep their case, since mWh is no MWh.

    Raises:
        UnknownUnit: nothing, or two things, are written like this; the facts name what may be meant.
    """
    written = text.strip().replace(" ", "_")
    word = written.casefold()
    name = written if written in _UNITS else ("tonne" if written == "t" else _WORDS.get(word))
    if name is None and word not in {"mwh", "t"}:
        name = next((symbol for symbol in _UNITS if symbol.casefold() == word), None)
    if name is not None:
        return _UNITS[name]
    meanings = _TWO_MEANINGS.get(word.removesuffix("s"))
    if meanings:
        raise UnknownUnit(
            f"{text!r} means more than one thing: write {' or '.join(meanings)}.", unit=text, units=list(meanings)
        )
    raise UnknownUnit(f"{text!r} is no unit that is known here.", unit=text, units=sorted(_UNITS))


def units_of(dimension: Dimension) -> list[str]:
    """The names of all units that measure this."""
    return [name for name, unit in _UNITS.items() if unit.dimension is dimension]


def converted(amount: Decimal, unit: Unit, into: Unit) -> Fraction:
    """The amount in another unit of the same dimension, exact."""
    if unit.dimension is not into.dimension:
        raise AssertionError(f"{unit.name} cannot turn into {into.name}")
    return Fraction(amount) * unit.size / into.size


def half_even(number: Fraction) -> int:
    """The nearest whole number, a half going to the even one."""
    below, rest = divmod(number.numerator, number.denominator)
    twice = 2 * rest
    return below + (twice > number.denominator or (twice == number.denominator and below % 2 == 1))


def decimal_half_even(number: Fraction, decimals: int) -> Decimal:
    """The number with at most so many decimals, a half going to the even neighbour."""
    return Decimal(half_even(number * 10**decimals)).scaleb(-decimals)


def shown(number: Fraction) -> Decimal:
    """A quantity as it is kept and answered: to twelve decimals, half to even, without trailing zeros."""
    return plain(decimal_half_even(number, SHOWN_DECIMALS))


def co2e(kg: Fraction) -> Co2e:
    """Kilograms of CO2e to the milligram, half to even."""
    return Co2e(half_even(kg * MG_PER_KG))
