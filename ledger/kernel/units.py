"""Mass of credits and of emissions, as whole numbers that refuse nonsense.

Credits are counted in kilograms of CO2e, the token's smallest unit; people and the standard's clients see tonnes with
three decimals. Emissions are counted in milligrams of CO2e and shown in kilograms with up to six decimals.
"""

import math
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Self, SupportsIndex

KG_PER_TONNE = 1_000
MG_PER_KG = 1_000_000
TONNE_DECIMALS = 3
LARGEST_EXPONENT = 12  # 10^12 kg in milligrams, or dollars in millionths, is the last power of ten below 2^63

CREDIT_UNIT = "tCO2e"
EMISSION_UNIT = "kg CO2e"


class Quantity(int):
    """A whole, non-negative number of one unit. Adds and subtracts with its own kind only."""

    __slots__ = ()

    def __new__(cls, count: int) -> Self:
        """Takes an exact integer.

        Raises:
            TypeError: for a float, a bool, a Decimal or another kind of quantity.
            ValueError: for a negative number.
        """
        if type(count) not in {int, cls}:
            raise TypeError(f"{cls.__name__} counts whole units, not {type(count).__name__}")
        if count < 0:
            raise ValueError(f"{cls.__name__} is never negative, got {int(count)}")
        return super().__new__(cls, count)

    def __add__(self, other: int) -> Self:
        return type(self)(int(self) + int(self._same(other)))

    def __radd__(self, other: int) -> Self:
        return self + type(self)(other)

    def __sub__(self, other: int) -> Self:
        return type(self)(int(self) - int(self._same(other)))

    def __mul__(self, other: SupportsIndex) -> Self:
        return type(self)(int(self) * other.__index__())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({int(self)})"

    def _same(self, other: int) -> Self:
        return other if type(other) is type(self) else type(self)(other)


class Kg(Quantity):
    """Credits, in kilograms of CO2e: one on-chain unit."""

    __slots__ = ()

    @classmethod
    def from_tonnes(cls, tonnes: Decimal) -> Self:
        """Credits from tonnes with at most three decimals; a fourth is an error, never rounded.

        A number one binary float's last place away from a three-decimal number is that number: clients add 0.1 and 0.2.

        Raises:
            ValueError: not finite, negative, or finer than a kilogram.
        """
        if not _countable(tonnes):
            raise ValueError(f"{tonnes} is not a finite, non-negative number of tonnes that anybody could hold")
        kg = _whole(tonnes, TONNE_DECIMALS)
        if kg is None:
            raise ValueError(f"{tonnes} t is finer than a kilogram; a tonne has three decimals")
        return cls(kg)

    @property
    def tonnes(self) -> Decimal:
        """The same mass in tonnes, exact, with three decimals."""
        return Decimal(int(self)).scaleb(-TONNE_DECIMALS)


class Co2e(Quantity):
    """Emissions, in milligrams of CO2e."""

    __slots__ = ()

    @classmethod
    def from_kg(cls, kg: Decimal) -> Self:
        """Emissions from kilograms, to the milligram (half to even).

        Raises:
            ValueError: not finite, or negative.
        """
        if not _countable(kg):
            raise ValueError(f"{kg} is not a finite, non-negative number of kilograms that anybody could emit")
        return cls(int((kg * MG_PER_KG).to_integral_value(ROUND_HALF_EVEN)))

    @property
    def kg(self) -> Decimal:
        """The same mass in kilograms, exact, without trailing zeros."""
        return plain(Decimal(int(self)).scaleb(-6))

    @property
    def kg_down(self) -> Kg:
        """Whole kilograms, rounded down: what of these emissions a credit can carry."""
        return Kg(int(self) // MG_PER_KG)


def plain(number: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent."""
    number = number.normalize()
    exponent = number.as_tuple().exponent
    return number.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else number


def _countable(number: Decimal) -> bool:
    """Whether the number is finite, not negative, and small enough for a 64-bit register in any unit used here."""
    return number.is_finite() and number >= 0 and number.adjusted() <= LARGEST_EXPONENT


def _whole(number: Decimal, decimals: int) -> int | None:
    """`number` x 10^decimals where that is whole, or a binary double's last place away from whole; else None."""
    try:
        scaled = number.scaleb(decimals)
        nearest = scaled.to_integral_value(ROUND_HALF_EVEN)
    except InvalidOperation:
        return None
    if scaled == nearest:
        return int(nearest)
    target = nearest.scaleb(-decimals)
    if target == 0:
        return None
    last_place = Decimal(math.ulp(target))
    return int(nearest) if abs(number - target) <= last_place else None


def whole(number: Decimal, decimals: int) -> int:
    """`number` counted in steps of 10^-decimals.

    Raises:
        ValueError: not finite, negative, beyond any register, or finer than a step.
    """
    steps = _whole(number, decimals) if _countable(number) else None
    if steps is None:
        raise ValueError(f"{number} is not a number of 0 or more with at most {decimals} decimals")
    return steps
