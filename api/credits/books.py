"""What an account has, and how that came about, as answers show it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Self

from api.schemas import Answer
from ledger import credits, market
from ledger.chain import Network
from ledger.kernel.units import CREDIT_UNIT
from ledger.market import AccountTransaction, ChainPosition, TransactionType


class Breakdown(Answer):
    """Through what the balance came about: its parts sum to it."""

    earned: Decimal
    purchased: Decimal
    sold: Decimal
    """Zero or negative."""
    retired: Decimal
    """Zero or negative."""
    transferred: Decimal
    """What others gave less what was given to others or burned to make good a reversal."""


class Value(Answer):
    """What the balance would bring at the market's price."""

    usd: Decimal
    market_price: Decimal
    """Dollars a tonne."""


class WalletBalance(Answer):
    """What an account has on one network."""

    balance: Decimal
    unit: str = CREDIT_UNIT
    available: Decimal
    """The balance less what is on offer or on its way to the chain."""
    breakdown: Breakdown
    value: Value
    network: str
    contract_address: str

    @classmethod
    def of(cls, held: credits.Balance, price: market.MarketPrice, network: Network) -> Self:
        """The balance as it is shown."""
        return cls(
            balance=held.kg.tonnes,
            available=held.available_kg.tonnes,
            breakdown=Breakdown(
                earned=held.earned_kg.tonnes,
                purchased=held.purchased_kg.tonnes,
                sold=-held.sold_kg.tonnes,
                retired=-held.retired_kg.tonnes,
                transferred=Decimal(held.transferred_kg).scaleb(-3),
            ),
            value=Value(
                usd=price.current.total(held.kg).dollars,
                market_price=price.current.dollars_per_tonne,
            ),
            network=network.name,
            contract_address=f"0x{network.contracts.credit.hex()}",
        )


class TransactionItem(Answer):
    """One change of an account's credits."""

    type: TransactionType
    id: str | None
    """The credit's, the purchase's or the retirement's id; null for an act that did not come through this service."""
    amount: Decimal
    unit: str = CREDIT_UNIT
    price_per_credit: Decimal | None
    total_price: Decimal | None
    currency: str | None
    timestamp: datetime
    blockchain_tx: str
    block_number: int
    status: Literal["pending", "confirmed"]

    @classmethod
    def of(cls, each: AccountTransaction) -> Self:
        """The transaction as it is shown."""
        price, total = each.price_per_kg, each.total_micros
        return cls(
            type=each.type,
            id=each.public_id,
            amount=each.kg.tonnes,
            price_per_credit=None if price is None else price.dollars_per_tonne,
            total_price=None if total is None else total.dollars,
            currency=None if price is None else market.CURRENCY,
            timestamp=each.block_time,
            blockchain_tx=f"0x{each.transaction_hash.hex()}",
            block_number=each.position.block_number,
            status="confirmed" if each.is_confirmed else "pending",
        )


class Transactions(Answer):
    """A page of an account's transactions, newest first."""

    transactions: Sequence[TransactionItem]
    next_cursor: str | None
    """Send it as `cursor` for the page after this one; null on the last."""


def cursor_text(position: ChainPosition | None) -> str | None:
    """A place in the chain's order, as clients carry it from page to page."""
    return None if position is None else f"{position.block_number}-{position.log_index}"
