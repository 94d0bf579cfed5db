"""Money of the market: stablecoin base units, prices per kilogram, totals without a rounding anywhere."""

from decimal import Decimal
from typing import Self

from ledger.kernel.units import Kg, Quantity, plain, whole

DOLLAR_DECIMALS = 6
PRICE_DECIMALS_PER_TONNE = 3  # a tick of 0.001 USD a tonne is one millionth of a dollar a kilogram


class Micros(Quantity):
    """Stablecoin money, in millionths of a dollar: the coin's base unit."""

    __slots__ = ()

    @classmethod
    def from_dollars(cls, dollars: Decimal) -> Self:
        """Money from dollars with at most six decimals.

        Raises:
            ValueError: not finite, negative, or finer than a millionth.
        """
        return cls(whole(dollars, DOLLAR_DECIMALS))

    @property
    def dollars(self) -> Decimal:
        """The same money in dollars, exact."""
        return plain(Decimal(int(self)).scaleb(-DOLLAR_DECIMALS))


class PricePerKg(Quantity):
    """A price in millionths of a dollar per kilogram, shown as dollars a tonne with three decimals."""

    __slots__ = ()

    @classmethod
    def from_dollars_per_tonne(cls, dollars: Decimal) -> Self:
        """A price from dollars a tonne, in ticks of 0.001.

        Raises:
            ValueError: not finite, negative, or finer than a tick.
        """
        return cls(whole(dollars, PRICE_DECIMALS_PER_TONNE))

    @property
    def dollars_per_tonne(self) -> Decimal:
        """The same price in dollars a tonne, exact."""
        return plain(Decimal(int(self)).scaleb(-PRICE_DECIMALS_PER_TONNE))

    def total(self, kg: Kg) -> Micros:
        """What `kg` cost, exact."""
        return Micros(int(self) * int(kg))
