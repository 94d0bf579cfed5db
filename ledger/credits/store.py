"""SQL of the credits that more than one use needs."""

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.credits.mirror_models import CreditBatch
from ledger.kernel.units import Kg


def circulating_kg() -> ColumnElement[int]:
    """What of a batch can still be retired: issued less buffered less retired."""
    return cast(CreditBatch.issued_kg - CreditBatch.buffered_kg - CreditBatch.retired_kg, BigInteger)


async def batches_needed(session: AsyncSession, chain_id: int, kg: Kg) -> int:
    """From how many batches `kg` come at the most, in whichever order the token lists them.

    That is the number of the smallest batches that hold less than `kg` together, and one more.
    """
    running_kg = func.sum(circulating_kg()).over(order_by=(circulating_kg(), CreditBatch.batch_id), rows=(None, 0))
    running = select(running_kg.label("kg")).where(CreditBatch.chain_id == chain_id, circulating_kg() > 0).subquery()
    short: int = (
        await session.execute(select(func.count()).select_from(running).where(running.c.kg < int(kg)))
    ).scalar_one()
    return short + 1
