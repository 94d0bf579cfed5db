"""The ledger's own rows: claims, verifications, retirements. What mirrors the chain stands in `mirror_models`."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import Hash32
from ledger.kernel.units import Co2e, Kg

CREDIT_STATUSES = ("pending_verification", "verified", "rejected")
VERIFICATION_STATUSES = ("submitted", "approved", "rejected")


class Credit(Base):
    """A claim of saved emissions that becomes a credit once it is verified and issued."""

    __tablename__ = "credits"
    __table_args__ = (CheckConstraint(f"status IN {CREDIT_STATUSES}", name="status"),)

    credit_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), index=True)
    source: Mapped[str]
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Numeric)
    unit: Mapped[str]
    """What `quantity` counts: kWh, tree, km, …"""
    saved_mg: Mapped[Co2e]
    """Quantity x saving per unit, before whole kilograms are taken."""
    claimed_kg: Mapped[Kg]
    """Whole kilograms claimed: `saved_mg` and what earlier claims of the source carried over, rounded down."""
    verified_kg: Mapped[Kg | None]
    """What the verifier approved; at most what was claimed."""
    basis: Mapped[dict[str, Any]]
    """How the saving was worked out: saving per unit, its source and edition."""
    proof: Mapped[str | None] = mapped_column(unique=True)
    """Where the evidence is, e.g. ipfs://…; the same evidence is never claimed twice."""
    latitude: Mapped[Decimal | None] = mapped_column(Numeric)
    longitude: Mapped[Decimal | None] = mapped_column(Numeric)
    country: Mapped[str]
    """Where it happened, ISO 3166-1 alpha-2; ZZ (set aside for users by that standard) where the claim does not say."""
    occurred_at: Mapped[datetime]
    status: Mapped[str]
    """What the ledger decided. Whether it was issued is told by the mirror (`minted_credits`), never kept here."""
    verifier_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"))
    """The verifier it was assigned to."""
    intent_id: Mapped[int | None] = mapped_column(ForeignKey("intents.intent_id"), unique=True)
    network: Mapped[str | None]
    """The only network that it is issued on."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CarriedFraction(Base):
    """What an account's claims of one source saved beyond their whole kilograms; the next claim takes it along.

    Always the sum of `saved_mg` less the sum of `claimed_kg` over the account's claims of the source, those left out
    that were rejected or approved in part. Below zero where a later claim had taken along the fraction of one of
    those: the next claim makes up for it.
    """

    __tablename__ = "carried_fractions"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    carried_mg: Mapped[int]


class Verification(Base):
    """A claim before its verifier, and what was decided."""

    __tablename__ = "verifications"
    __table_args__ = (CheckConstraint(f"status IN {VERIFICATION_STATUSES}", name="status"),)

    verification_id: Mapped[str] = mapped_column(primary_key=True)
    credit_id: Mapped[str] = mapped_column(ForeignKey("credits.credit_id"), unique=True)
    claimant_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"))
    verifier_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"))
    evidence: Mapped[list[Any]]
    """Each piece: type, url, hash, timestamp."""
    status: Mapped[str]
    confidence: Mapped[Decimal | None] = mapped_column(Numeric)
    notes: Mapped[str | None]
    record_hash: Mapped[Hash32 | None]
    """SHA-256 over the decision's canonical JSON: a leaf under the records root that its issuance carries."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_at: Mapped[datetime | None]


class Retirement(Base):
    """A retirement that an account asked for, bound to its ref on chain."""

    __tablename__ = "retirements"

    retirement_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), index=True)
    ref: Mapped[Hash32] = mapped_column(unique=True)
    nonce: Mapped[Hash32]
    """The authorisation's: with the holder it makes the ref, and it is part of the commitment."""
    kg: Mapped[Kg]
    reason: Mapped[str]
    period: Mapped[int]
    """The accounting period that it counts for, YYYY or YYYYMM; 0 for none."""
    note: Mapped[str | None]
    beneficiary: Mapped[str | None]
    """The name that the retirer chose to show; kept here only, on chain there is a commitment to it."""
    salt: Mapped[Hash32]
    """The commitment's random part: without it nobody can guess the name."""
    intent_id: Mapped[int] = mapped_column(ForeignKey("intents.intent_id"), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
