"""The outbox: a domain event is a row in the transaction of its change, so that neither exists without the other."""

from dataclasses import asdict, dataclass
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
    "fact.withdrawn",
]
"""As the standard names them, and ours for what it has no name for (credit.issued, credit.retired, fact.withdrawn)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on a chain the event stands that a fact tells of."""

    chain_id: int
    block_number: int
    log_index: int


def record(
    session: AsyncSession, name: EventName, aggregate: str, data: dict[str, Any], place: Place | None = None
) -> None:
    """Writes the event with the change. `aggregate` is the id of the thing it is about; nothing personal in `data`.

    A fact that stands on a block says where, so that it can be withdrawn with the block.
    """
    where = {} if place is None else asdict(place)
    session.add(OutboxEvent(name=name, aggregate=aggregate, data=data, **where))
