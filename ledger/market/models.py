"""The ledger's own rows: listings and purchases, each bound to its ref on chain."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import Hash32
from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Kg


class Listing(Base):
    """An offer of credits: a sell order placed on chain."""

    __tablename__ = "listings"
    __table_args__ = (CheckConstraint("kg > 0 AND minimum_kg > 0 AND minimum_kg <= kg", name="amounts"),)

    listing_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), index=True)
    ref: Mapped[Hash32] = mapped_column(unique=True)
    """The order's name on chain."""
    kg: Mapped[Kg]
    price_per_kg: Mapped[PricePerKg]
    minimum_kg: Mapped[Kg]
    expires_at: Mapped[datetime]
    order: Mapped[dict[str, Any]]
    """The order struct as it was signed, so that a purchase can name it."""
    intent_id: Mapped[int] = mapped_column(ForeignKey("intents.intent_id"), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Purchase(Base):
    """A buyer's order against a listing."""

    __tablename__ = "purchases"
    __table_args__ = (CheckConstraint("kg > 0", name="amount"),)

    purchase_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), index=True)
    listing_id: Mapped[str] = mapped_column(ForeignKey("listings.listing_id"), index=True)
    ref: Mapped[Hash32] = mapped_column(unique=True)
    """The taker order's name on chain."""
    kg: Mapped[Kg]
    total_micros: Mapped[Micros]
    intent_id: Mapped[int] = mapped_column(ForeignKey("intents.intent_id"), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
