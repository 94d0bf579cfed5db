"""Rows that mirror the market and its coin. Only `mirror.py` writes them."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import ROOM_FOR_CHANGES, Address, Hash32, non_negative
from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Kg


class MarketOrder(Base):
    """An order placed on chain, and how much of it was filled."""

    __tablename__ = "market_orders"
    __table_args__ = (
        non_negative("filled_kg"),
        Index("ix_market_orders_open_maker", "chain_id", "maker", postgresql_where="NOT cancelled"),
    )

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[Hash32] = mapped_column(primary_key=True)
    maker: Mapped[Address]
    side: Mapped[int]
    """0 buys, 1 sells."""
    kg: Mapped[Kg]
    price_per_kg: Mapped[PricePerKg]
    minimum_kg: Mapped[Kg]
    expires_at: Mapped[datetime]
    counter: Mapped[int]
    filled_kg: Mapped[Kg]
    cancelled: Mapped[bool]
    placed_block: Mapped[int]
    placed_at: Mapped[datetime]
    transaction_hash: Mapped[Hash32]


class MarketFill(Base):
    """Kilograms that changed hands at a price."""

    __tablename__ = "market_fills"
    __table_args__ = (
        Index(None, "chain_id", "buyer"),
        Index(None, "chain_id", "seller"),
        Index(None, "chain_id", "ref"),
        Index(None, "chain_id", "taker_ref"),
        Index(None, "chain_id", "block_time"),
    )

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    block_time: Mapped[datetime]
    transaction_hash: Mapped[Hash32]
    ref: Mapped[Hash32]
    """The maker's order."""
    taker_ref: Mapped[Hash32]
    """The taker's order; zero where the taker called the market directly."""
    seller: Mapped[Address]
    buyer: Mapped[Address]
    kg: Mapped[Kg]
    price_per_kg: Mapped[PricePerKg]
    total_micros: Mapped[Micros]
    fee_micros: Mapped[Micros]


class CoinHolding(Base):
    """What a holder has of the stablecoin that the market settles in."""

    __tablename__ = "coin_holdings"
    __table_args__ = (non_negative("balance_micros"), ROOM_FOR_CHANGES)

    chain_id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[Address] = mapped_column(primary_key=True)
    balance_micros: Mapped[Micros]
