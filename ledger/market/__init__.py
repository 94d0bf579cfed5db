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

__all__ = [
    "CURRENCY",
    "Bought",
    "Candle",
    "Demand",
    "Direction",
    "ListingPage",
    "MarketPrice",
    "OpenListing",
    "Sort",
    "Terms",
    "buy",
    "candles",
    "chart",
    "list_credits",
    "listings",
    "market_price",
    "price_change_down",
    "reserved_kg",
]
