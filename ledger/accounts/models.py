from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import Address, Hash32

KINDS = ("person", "company", "verifier", "operator")
TIERS = ("free", "basic", "pro", "enterprise")


class Account(Base):
    """Whoever acts here. Holds nothing personal: who the person is stays outside this table."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"tier IN {TIERS}", name="tier"),
    )

    account_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    """USER-2025-001, CORP-2025-001 or WIA-Verifier-001."""
    kind: Mapped[str]
    tier: Mapped[str]
    home_network: Mapped[str]
    """The network whose balance is meant where a call names none."""
    wallet: Mapped[Address | None] = mapped_column(unique=True)
    custody_index: Mapped[int | None] = mapped_column(unique=True)
    """Position of the wallet's key under the custody seed; null for a wallet that we hold no key of."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A key that an account calls with. Only its hash is kept."""

    __tablename__ = "api_keys"

    key_hash: Mapped[Hash32] = mapped_column(primary_key=True)
    """SHA-256 of the key, whose 24 random characters hold more than 140 bits."""
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), index=True)
    hint: Mapped[str]
    """Its first characters, by which its owner tells it from others."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
