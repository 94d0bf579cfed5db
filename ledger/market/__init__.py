"""The market: offers, purchases, prices. Credits and coins stay with their owners until a fill moves them."""

from ledger.market.commands import Bought, Demand, buy, list_credits
from ledger.market.queries import (
    Candle,
    Direction,
    ListingPage,
    MarketPrice,
    OpenListing,
    Sort,
    candles,
    listings,
    market_price,
)
from ledger.market.rules import CURRENCY, Terms, chart, price_change_down
from ledger.market.store import reserved_kg
from ledger.market.transactions import (
    AccountTransaction,
    ChainPosition,
    TransactionPage,
    TransactionType,
    account_transactions,
)

__all__ = [
    "CURRENCY",
    "AccountTransaction",
    "Bought",
    "Candle",
    "ChainPosition",
    "Demand",
    "Direction",
    "ListingPage",
    "MarketPrice",
    "OpenListing",
    "Sort",
    "Terms",
    "TransactionPage",
    "TransactionType",
    "account_transactions",
    "buy",
    "candles",
    "chart",
    "list_credits",
    "listings",
    "market_price",
    "price_change_down",
    "reserved_kg",
]
