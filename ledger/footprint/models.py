from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import non_negative
from ledger.kernel.units import Co2e


class Activity(Base):
    """Something that an account did, and the emissions that it stands for. Never changed after it was recorded."""

    __tablename__ = "activities"
    __table_args__ = (
        non_negative("co2_mg"),
        Index(None, "account_id", "day"),
        Index(
            "uq_activities_reference", "account_id", "reference", unique=True, postgresql_where="reference IS NOT NULL"
        ),
    )

    activity_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    day: Mapped[date]
    """The account's day that it counts for."""
    category: Mapped[str]
    subcategory: Mapped[str | None]
    co2_mg: Mapped[Co2e]
    """What counts: the explicit amount where the client gave one, else the derived one."""
    derived_co2_mg: Mapped[Co2e | None]
    """What the factor gives, where one fits."""
    quantity: Mapped[Decimal | None] = mapped_column(Numeric)
    unit: Mapped[str | None]
    """The unit of `quantity`, as the factor counts it: km, kWh, litre, kg, …"""
    factor_id: Mapped[str | None]
    factor_edition: Mapped[str | None]
    verified: Mapped[bool]
    verification_method: Mapped[str]
    reference: Mapped[str | None]
    """The client's own name for it; a second activity with the same one is the same activity."""
    warnings: Mapped[list[Any]]
    """What is unusual about it without making it wrong."""


class FootprintDay(Base):
    """What an account's day sums to in one category; kept in the transaction of the activities."""

    __tablename__ = "footprint_days"
    __table_args__ = (non_negative("co2_mg"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    co2_mg: Mapped[Co2e]
    activities: Mapped[int]
