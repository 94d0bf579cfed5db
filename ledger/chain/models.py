from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import Address, Hash32, non_negative
from ledger.kernel.money import Micros
from ledger.kernel.units import Kg

INTENT_STATUSES = ("queued", "submitted", "mined", "confirmed", "failed", "withdrawn")
OPEN_STATUSES = ("queued", "submitted")

OVERWRITING_EVENTS = (
    "BatchReinstated",
    "BatchReversed",
    "BatchSuspended",
    "BatchUnsuspended",
    "CounterRaised",
    "OrderCancelled",
)
"""What a rewind has to look up by name: events that overwrite a state, which is worked out again from earlier ones."""


class Chain(Base):
    """A chain that is mirrored here, and how far. `next_block` and `last_hash` are the indexer's cursor and fence."""

    __tablename__ = "chains"

    chain_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    network: Mapped[str] = mapped_column(unique=True)
    genesis_hash: Mapped[Hash32]
    next_block: Mapped[int]
    """The first block that is not mirrored yet."""
    last_hash: Mapped[Hash32 | None]
    """The hash of the block before it; None before anything is mirrored."""
    finality: Mapped[str]
    """When a block counts as final: `depth:N`, `safe` or `finalized`."""
    confirmed_block: Mapped[int] = mapped_column(default=-1)
    """The newest mirrored block that counts as final; below 0 while none does. Facts up to it are confirmed."""


class Deployment(Base):
    """A contract of ours on a chain. Several may come from one source; of these commands mean the one that is main."""

    __tablename__ = "deployments"
    __table_args__ = (Index("uq_deployments_main", "chain_id", "name", unique=True, postgresql_where="is_main"),)

    chain_id: Mapped[int] = mapped_column(ForeignKey("chains.chain_id"), primary_key=True)
    address: Mapped[Address] = mapped_column(primary_key=True)
    name: Mapped[str]
    """The contract's name in its source, e.g. CarbonCredit."""
    is_main: Mapped[bool]
    block_number: Mapped[int]
    """The block that it came in: there are no events of it before."""
    next_block: Mapped[int | None]
    """Of one that was added later, the first block whose events of it are not mirrored yet; null once it has joined
    the chain's own cursor."""


class ChainBlock(Base):
    """A mirrored block, kept down to finality so that a reorg shows as a parent hash that does not fit."""

    __tablename__ = "chain_blocks"

    chain_id: Mapped[int] = mapped_column(ForeignKey("chains.chain_id"), primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    block_hash: Mapped[Hash32]
    parent_hash: Mapped[Hash32]
    block_time: Mapped[datetime]


class ChainEvent(Base):
    """An event of our contracts as the chain emitted it: what every mirror can be worked out from again."""

    __tablename__ = "chain_events"
    __table_args__ = (
        Index(
            "ix_chain_events_overwriting",
            "chain_id",
            "name",
            "block_number",
            postgresql_where=f"name IN {OVERWRITING_EVENTS}",
        ),
    )

    chain_id: Mapped[int] = mapped_column(ForeignKey("chains.chain_id"), primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    block_time: Mapped[datetime]
    transaction_hash: Mapped[Hash32]
    contract: Mapped[Address]
    name: Mapped[str]
    """The event's name in Solidity."""
    arguments: Mapped[dict[str, Any]]
    """By name; integers as decimal strings, bytes and addresses as 0x text, tuples as objects."""


class Intent(Base):
    """Something that the chain shall do, once. The relayer's queue; closed by the mirror when the chain has done it.

    While it is open (queued or submitted) what it will take counts as promised: `holder` has that much less available.
    """

    __tablename__ = "intents"
    __table_args__ = (
        UniqueConstraint("chain_id", "ref"),
        CheckConstraint(f"status IN {INTENT_STATUSES}", name="status"),
        non_negative("debit_kg", "debit_micros"),
        Index(None, "chain_id", "status", "intent_id", postgresql_where="status IN ('queued', 'submitted', 'mined')"),
        Index(None, "chain_id", "block_number", postgresql_where="block_number IS NOT NULL"),
        Index("ix_intents_open_holder", "holder", postgresql_where="status IN ('queued', 'submitted')"),
        Index("ix_intents_open_order", "order_ref", postgresql_where="status IN ('queued', 'submitted')"),
    )

    intent_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    chain_id: Mapped[int] = mapped_column(ForeignKey("chains.chain_id"))
    kind: Mapped[str]
    """issue, transfer, retire, place, settle or approve."""
    ref: Mapped[Hash32]
    """The name under which the chain's event will tell that it is done."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.account_id"), index=True)
    holder: Mapped[Address | None]
    """Whose credits or coins it takes."""
    debit_kg: Mapped[Kg] = mapped_column(default=Kg(0))
    debit_micros: Mapped[Micros] = mapped_column(default=Micros(0))
    order_ref: Mapped[Hash32 | None]
    """The resting order that it takes from."""
    order_kg: Mapped[Kg] = mapped_column(default=Kg(0))
    """How much of that order it takes."""
    lane: Mapped[str]
    """relay: a signed action that the Relay contract carries. issuer: a call that only an issuer may make."""
    payload: Mapped[dict[str, Any]]
    """What the lane needs to build its transaction; for relay: target, data, gasLimit."""
    status: Mapped[str] = mapped_column(default="queued")
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.submission_id"), index=True)
    transaction_hash: Mapped[Hash32 | None]
    block_number: Mapped[int | None]
    log_index: Mapped[int | None]
    failure: Mapped[dict[str, Any] | None]
    """Why it failed: code, message, facts."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Submission(Base):
    """A signed transaction of one of our senders, stored before it is sent, sent again until it is mined."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("chain_id", "sender", "nonce", "attempt"),
        Index("ix_submissions_unseen", "chain_id", "sender", "nonce", postgresql_where="block_number IS NULL"),
        Index(None, "chain_id", "purpose"),
    )

    submission_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    chain_id: Mapped[int]
    sender: Mapped[Address]
    nonce: Mapped[int]
    attempt: Mapped[int] = mapped_column(default=0)
    """Counts replacements with the same nonce and a higher fee."""
    raw: Mapped[bytes]
    transaction_hash: Mapped[Hash32] = mapped_column(unique=True)
    purpose: Mapped[str]
    """What it is for, in words: relay, issue, deploy CarbonCredit, …"""
    block_number: Mapped[int | None]
    """Where its receipt was seen; null again when a reorg took it back."""
    succeeded: Mapped[bool | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Position(Base):
    """A row to lock while deciding about a holder's credits or coins, so that nothing is promised twice."""

    __tablename__ = "positions"

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[Address] = mapped_column(primary_key=True)
