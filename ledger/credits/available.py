"""What a holder can still promise: the mirrored balance less everything that is promised already."""

from typing import Protocol

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain import open_debit_kg
from ledger.credits.mirror_models import CreditHolding
from ledger.kernel.units import Kg


class Reserved(Protocol):
    """What a holder's open sell orders still offer, in kg, as SQL; the market, which knows orders, provides it."""

    def __call__(self, chain_id: int, holder: bytes) -> ColumnElement[int]:
        """An expression of type bigint, never null."""


def available(chain_id: int, holder: bytes, reserved: Reserved) -> ColumnElement[int]:
    """Balance less open intents and orders in kg, never below zero, as an expression: one snapshot has all of it."""
    balance = func.coalesce(
        select(type_coerce(CreditHolding.balance_kg, BigInteger))
        .where(CreditHolding.chain_id == chain_id, CreditHolding.holder == holder)
        .scalar_subquery(),
        0,
    )
    left = balance - type_coerce(open_debit_kg(chain_id, holder), BigInteger) - reserved(chain_id, holder)
    return cast(func.greatest(left, 0), BigInteger)


async def available_kg(session: AsyncSession, chain_id: int, holder: bytes, reserved: Reserved) -> Kg:
    """What the holder can still promise. A decision that relies on it locks the holder's position first."""
    return Kg((await session.execute(select(available(chain_id, holder, reserved)))).scalar_one())
