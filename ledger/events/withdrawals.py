"""Facts that a reorg takes back: each is told to hold no longer, once, and stays where it was written."""

from sqlalchemy import Text, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ledger.events.models import OutboxEvent


async def withdraw(session: AsyncSession, chain_id: int, above: int) -> None:
    """Tells that the facts which stand on blocks above `above` hold no longer, the newest first, each of them once."""
    withdrawal = aliased(OutboxEvent)
    standing = (
        select(OutboxEvent)
        .where(OutboxEvent.chain_id == chain_id, OutboxEvent.block_number > above)
        .where(~select(withdrawal).where(withdrawal.withdraws == OutboxEvent.event_id).exists())
        .order_by(OutboxEvent.position.desc())
        .subquery()
        .c
    )
    what = {
        "eventId": cast(standing.event_id, Text),
        "name": standing.name,
        "chainId": standing.chain_id,
        "blockNumber": standing.block_number,
        "logIndex": standing.log_index,
    }
    data = func.jsonb_build_object(*(part for pair in what.items() for part in pair))
    await session.execute(
        insert(OutboxEvent).from_select(
            ["name", "aggregate", "data", "withdraws"],
            select(literal("fact.withdrawn"), standing.aggregate, data, standing.event_id),
        )
    )
