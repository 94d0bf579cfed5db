"""Rows that mirror the credit token. Only `mirror.py` writes them; a rewind subtracts or deletes what a reorg took."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import ROOM_FOR_CHANGES, Address, Hash32, non_negative
from ledger.kernel.units import Kg


class CreditHolding(Base):
    """What a holder has, and through what: balance = earned + purchased - sold - retired + transferred.

    What somebody burns to make good a reversal counts as transferred away.
    """

    __tablename__ = "credit_holdings"
    __table_args__ = (
        non_negative("balance_kg", "earned_kg", "purchased_kg", "sold_kg", "retired_kg"),
        ROOM_FOR_CHANGES,
    )

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[Address] = mapped_column(primary_key=True)
    balance_kg: Mapped[Kg]
    earned_kg: Mapped[Kg]
    """Issued to the holder."""
    purchased_kg: Mapped[Kg]
    sold_kg: Mapped[Kg]
    retired_kg: Mapped[Kg]


class CreditBatch(Base):
    """A batch: issued = circulating + buffered + retired + cancelled."""

    __tablename__ = "credit_batches"
    __table_args__ = (
        non_negative("issued_kg", "buffered_kg", "retired_kg"),
        non_negative("cancelled_kg", "spent_buffer_kg", "deficit_circulating_kg", "deficit_retired_kg"),
    )

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[Hash32] = mapped_column(primary_key=True)
    source: Mapped[str]
    vintage_start: Mapped[datetime]
    vintage_end: Mapped[datetime]
    verifier: Mapped[Address]
    level: Mapped[int]
    country: Mapped[str]
    closes_at: Mapped[datetime]
    buffer_bps: Mapped[int]
    issuances: Mapped[int]
    """How many issuances went into it: the index of the next one."""
    issued_kg: Mapped[Kg]
    buffered_kg: Mapped[Kg]
    retired_kg: Mapped[Kg]
    cancelled_kg: Mapped[Kg]
    """Burned without benefit to anyone: reversed, or given up to make good another batch's reversal."""
    spent_buffer_kg: Mapped[Kg]
    """Left the buffer on a reversal; counts as put in for later issuances."""
    deficit_circulating_kg: Mapped[Kg]
    """Circulating kilograms that a reversal left without anything behind them, and that nobody made good yet."""
    deficit_retired_kg: Mapped[Kg]
    """The same of those that were retired."""
    suspended: Mapped[bool]
    suspended_until: Mapped[datetime | None]
    """From when on anyone may lift the newest suspension, lifted or not; None if there never was one."""
    reversed: Mapped[bool]
    """From a reversal until the batch is reinstated. What is suspended or reversed gives to no retirement."""
    opened_block: Mapped[int]


class MintedCredit(Base):
    """A credit as the chain issued it."""

    __tablename__ = "minted_credits"
    __table_args__ = (UniqueConstraint("chain_id", "credit_id"), Index(None, "chain_id", "recipient"))

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    block_time: Mapped[datetime]
    transaction_hash: Mapped[Hash32]
    credit_id: Mapped[str]
    recipient: Mapped[Address]
    kg: Mapped[Kg]


class RetiredCredits(Base):
    """A retirement as the chain recorded it."""

    __tablename__ = "retired_credits"
    __table_args__ = (UniqueConstraint("chain_id", "ref"), Index(None, "chain_id", "holder"))

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    block_time: Mapped[datetime]
    transaction_hash: Mapped[Hash32]
    ref: Mapped[Hash32]
    holder: Mapped[Address]
    kg: Mapped[Kg]
    batches: Mapped[list[Any]]
    """[{batchId, kg}]: where the kilograms came from."""
    reason: Mapped[int]
    period: Mapped[int]
    commitment: Mapped[Hash32]


class UsedAuthorization(Base):
    """A nonce that can never be used again."""

    __tablename__ = "used_authorizations"

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    authorizer: Mapped[Address] = mapped_column(primary_key=True)
    nonce: Mapped[Hash32] = mapped_column(primary_key=True)
    cancelled: Mapped[bool]
    block_number: Mapped[int]
