"""The market: offers, purchases, prices. Credits and coins stay with their owners until a fill moves them."""

from ledger.market.commands import Bought, Demand, buy, list_credits
from ledger.market.queries import (
    Candle,
    ListingPage,
    MarketPrice,
    OpenListing,
    candles,
    listings,
    market_price,
)
from ledger.market.rules import Terms, price_change_down
from ledger.market.store import reserved_kg

__all__ = [
    "Bought",
    "Candle",
    "Demand",
    "ListingPage",
    "MarketPrice",
    "OpenListing",
    "Terms",
    "buy",
    "candles",
    "list_credits",
    "listings",
    "market_price",
    "price_change_down",
    "reserved_kg",
]
