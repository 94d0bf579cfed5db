"""The outbox: a domain event is a row in the transaction of its change, so that neither exists without the other."""

from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

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
]
"""As the standard names them, and ours for what it has no name for (credit.issued, credit.retired)."""


def record(session: AsyncSession, name: EventName, aggregate: str, data: dict[str, Any]) -> None:
    """Writes the event with the change. `aggregate` is the id of the thing it is about; nothing personal in `data`."""
    session.add(OutboxEvent(name=name, aggregate=aggregate, data=data))
