from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base


class OutboxEvent(Base):
    """A domain event, written in the transaction of the change that it tells of."""

    __tablename__ = "outbox"

    position: Mapped[int] = mapped_column(Identity(), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    name: Mapped[str]
    """As the standard names it: emission.tracked, credit.earned, trade.executed, …"""
    aggregate: Mapped[str]
    """The id of the thing it is about; events of one aggregate keep their order."""
    data: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
