"""Column types that keep units, addresses and hashes what they are."""

from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Co2e, Kg, Quantity


class QuantityType(TypeDecorator[Quantity]):
    """A bigint that comes back as the quantity it was written as."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, kind: type[Quantity]) -> None:
        """Takes the quantity's type, e.g. Kg."""
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Quantity | int | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy's signature
        """A whole number for the driver; another kind of quantity is refused by the type itself."""
        return None if value is None else int(self.kind(value))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Quantity | None:  # noqa: ARG002  # the same
        """The quantity again."""
        return None if value is None else self.kind(value)


KG = QuantityType(Kg)
CO2E = QuantityType(Co2e)
MICROS = QuantityType(Micros)
PRICE_PER_KG = QuantityType(PricePerKg)

Address = Annotated[bytes, mapped_column(LargeBinary(20))]
"""An account or contract on chain, 20 bytes."""

Hash32 = Annotated[bytes, mapped_column(LargeBinary(32))]
"""A hash, a ref, a nonce: 32 bytes."""

ROOM_FOR_CHANGES = {"postgresql_with": {"fillfactor": "50"}}
"""For tables whose every row changes all the time: the new version finds room beside the old, and no index changes."""


def non_negative(*columns: str) -> CheckConstraint:
    """A constraint that none of the columns is below zero."""
    return CheckConstraint(" AND ".join(f"{column} >= 0" for column in columns), name=f"{columns[0]}_non_negative")
