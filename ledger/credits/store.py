"""SQL of the credits that more than one use needs."""

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.credits.mirror_models import CreditBatch
from ledger.kernel.units import Kg


def circulating_kg() -> ColumnElement[int]:
    """What of a batch anybody holds: issued less buffered less retired less cancelled."""
    elsewhere_kg = CreditBatch.buffered_kg + CreditBatch.retired_kg + CreditBatch.cancelled_kg
    return cast(CreditBatch.issued_kg - elsewhere_kg, BigInteger)


def is_eligible(chain_id: int) -> ColumnElement[bool]:
    """Whether a batch is one of the chain's that retirements draw from: neither empty nor suspended nor reversed."""
    return and_(CreditBatch.chain_id == chain_id, ~CreditBatch.suspended, ~CreditBatch.reversed, circulating_kg() > 0)


async def attributable_kg(session: AsyncSession, chain_id: int) -> Kg:
    """What retirements can draw from all batches together."""
    total = cast(func.coalesce(func.sum(circulating_kg()), 0), BigInteger)
    return Kg((await session.execute(select(total).where(is_eligible(chain_id)))).scalar_one())


async def batches_needed(session: AsyncSession, chain_id: int, kg: Kg) -> int:
    """From how many batches `kg` come at the most, in whichever order the token lists them.

    That is the number of the smallest batches that hold less than `kg` together, and one more.
    """
    running_kg = func.sum(circulating_kg()).over(order_by=(circulating_kg(), CreditBatch.batch_id), rows=(None, 0))
    running = select(running_kg.label("kg")).where(is_eligible(chain_id)).subquery()
    short: int = (
        await session.execute(select(func.count()).select_from(running).where(running.c.kg < int(kg)))
    ).scalar_one()
    return short + 1
