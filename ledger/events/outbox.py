"""The outbox: a domain event is a row in the transaction of its change, so that neither exists without the other."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.db.bulk import add_rows
from ledger.events.models import OutboxEvent

EventName = Literal[
    "user.registered",
    "emission.tracked",
    "credit.earned",
    "credit.verified",
    "credit.issued",
    "credit.retired",
    "order.placed",
    "trade.executed",
    "fact.withdrawn",
]
"""As the standard names them, and ours for what it has no name for (credit.issued, credit.retired, fact.withdrawn)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A domain event that tells of a chain's event, so that it can be withdrawn with its block."""

    name: EventName
    aggregate: str
    """The id of the thing it is about."""
    data: dict[str, Any]
    chain_id: int
    block_number: int
    log_index: int


_FACT = tuple(field.name for field in fields(Fact))


def record(session: AsyncSession, name: EventName, aggregate: str, data: dict[str, Any]) -> None:
    """Writes the event with the change. `aggregate` is the id of the thing it is about; nothing personal in `data`."""
    session.add(OutboxEvent(name=name, aggregate=aggregate, data=data))


async def record_all(session: AsyncSession, facts: Iterable[Fact]) -> None:
    """Writes what the chain tells, in its order; nothing personal in any of it."""
    rows = [{name: getattr(fact, name) for name in _FACT} for fact in facts]
    await add_rows(session, OutboxEvent, rows)
