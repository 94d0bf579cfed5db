from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base


class OutboxEvent(Base):
    """A domain event, written in the transaction of the change that it tells of."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(chain_id, block_number, log_index) IN (0, 3)",
            name="place",
        ),
        Index("ix_outbox_place", "chain_id", "block_number", postgresql_where="chain_id IS NOT NULL"),
    )

    position: Mapped[int] = mapped_column(Identity(), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    name: Mapped[str]
    """As the standard names it: emission.tracked, credit.earned, trade.executed, …"""
    aggregate: Mapped[str]
    """The id of the thing it is about; events of one aggregate keep their order."""
    data: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    chain_id: Mapped[int | None]
    """With the two below: the chain's event that it tells of; null for what no block can take back."""
    block_number: Mapped[int | None]
    log_index: Mapped[int | None]
    withdraws: Mapped[UUID | None] = mapped_column(ForeignKey("outbox.event_id"), unique=True)
    """Of a `fact.withdrawn`, the event that it takes back. Unique: nothing is withdrawn twice."""
