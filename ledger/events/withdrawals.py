"""Facts that a reorg takes back: each is told to hold no longer, once, and stays where it was written."""

from sqlalchemy import ColumnElement, Text, and_, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ledger.events.models import OutboxEvent


def standing(chain_id: int) -> ColumnElement[bool]:
    """Of facts: told of this chain, and not withdrawn."""
    withdrawal = aliased(OutboxEvent)
    taken_back = select(withdrawal).where(withdrawal.withdraws == OutboxEvent.event_id).exists()
    return and_(OutboxEvent.chain_id == chain_id, ~taken_back)


async def withdraw(session: AsyncSession, chain_id: int, above: int) -> None:
    """Tells that the facts which stand on blocks above `above` hold no longer, the newest first, each of them once."""
    await withdraw_those(session, chain_id, OutboxEvent.block_number > above)


async def withdraw_those(session: AsyncSession, chain_id: int, which: ColumnElement[bool]) -> int:
    """Withdraws the facts of a chain that meet the condition, the newest first. Answers how many did."""
    facts = select(OutboxEvent).where(standing(chain_id), which).order_by(OutboxEvent.position.desc()).subquery().c
    what = {
        "eventId": cast(facts.event_id, Text),
        "name": facts.name,
        "chainId": facts.chain_id,
        "blockNumber": facts.block_number,
        "logIndex": facts.log_index,
    }
    data = func.jsonb_build_object(*(part for pair in what.items() for part in pair))
    told = await session.execute(
        insert(OutboxEvent)
        .from_select(
            ["name", "aggregate", "data", "withdraws"],
            select(literal("fact.withdrawn"), facts.aggregate, data, facts.event_id),
        )
        .returning(OutboxEvent.position)
    )
    return len(told.all())
