from datetime import datetime
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field

from api.schemas import Answer, Body, ChainAnswer, Moment, Number
from ledger.chain import IntentState
from ledger.kernel.units import CREDIT_UNIT
from ledger.market import CURRENCY, Bought, Candle, Demand, MarketPrice, OpenListing, Terms, price_change_down
from ledger.market.models import Listing


class ListRequest(Body):
    """Credits that the caller offers for sale."""

    amount: Number
    """Tonnes, three decimals."""
    price_per_credit: Number
    """Dollars a tonne, in ticks of 0.001."""
    currency: str
    min_purchase: Number | None = None
    """The least that is sold at once, in tonnes; a kilogram where it is missing."""
    expires_at: Moment | None = None
    """The offer's end; in thirty days where it is missing."""

    def terms(self) -> Terms:
        """The same, as the market takes it."""
        return Terms(self.amount, self.price_per_credit, self.currency, self.min_purchase, self.expires_at)


class Listed(ChainAnswer):
    """An offer as it was taken: pending until it stands on chain, then active."""

    listing_id: str
    amount: Decimal
    unit: str = CREDIT_UNIT
    price_per_credit: Decimal
    currency: str = CURRENCY
    min_purchase: Decimal
    listed_at: datetime
    expires_at: datetime
    status: Literal["pending", "active"] = "pending"

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """The answer for this listing, before the chain has it."""
        return cls(
            listing_id=listing.listing_id,
            amount=listing.kg.tonnes,
            price_per_credit=listing.price_per_kg.dollars_per_tonne,
            min_purchase=listing.minimum_kg.tonnes,
            listed_at=listing.recorded_at,
            expires_at=listing.expires_at,
        )

    def settled(self, state: IntentState, status_url: str) -> Self:
        """A confirmed offer is called active."""
        answer = super().settled(state, status_url)
        return answer.model_copy(update={"status": "active"}) if state.status == "confirmed" else answer


class BuyRequest(Body):
    """A purchase from a listing."""

    listing_id: str
    amount: Number
    """Tonnes, three decimals."""
    max_total: Number | None = None
    """The most that it may cost, in dollars."""

    def demand(self) -> Demand:
        """The same, as the market takes it."""
        return Demand(self.listing_id, self.amount, self.max_total)


class Purchased(ChainAnswer):
    """A purchase: pending until the chain has settled it."""

    purchase_id: str
    listing_id: str
    amount: Decimal
    unit: str = CREDIT_UNIT
    price_per_credit: Decimal
    total_price: Decimal
    """Amount x pricePerCredit, exact."""
    currency: str = CURRENCY
    seller: str
    status: Literal["pending", "confirmed"] = "pending"

    @classmethod
    def of(cls, bought: Bought) -> Self:
        """The answer for this purchase, before the chain has it."""
        return cls(
            purchase_id=bought.purchase.purchase_id,
            listing_id=bought.listing.listing_id,
            amount=bought.purchase.kg.tonnes,
            price_per_credit=bought.listing.price_per_kg.dollars_per_tonne,
            total_price=bought.purchase.total_micros.dollars,
            seller=bought.seller,
        )


class ListingItem(Answer):
    """A listing that can be bought now."""

    listing_id: str
    seller: str
    amount: Decimal
    """Tonnes that are left of it."""
    unit: str = CREDIT_UNIT
    price_per_credit: Decimal
    currency: str = CURRENCY
    min_purchase: Decimal
    listed_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, listing: OpenListing) -> Self:
        """The listing as it is shown."""
        return cls(
            listing_id=listing.listing_id,
            seller=listing.seller,
            amount=listing.remaining_kg.tonnes,
            price_per_credit=listing.price_per_kg.dollars_per_tonne,
            min_purchase=listing.minimum_kg.tonnes,
            listed_at=listing.listed_at,
            expires_at=listing.expires_at,
        )


class Pagination(Answer):
    """Where in the whole list a page stands."""

    total: int
    page: int
    page_size: int


class Listings(Answer):
    """A page of the open listings."""

    listings: list[ListingItem]
    pagination: Pagination


class Price(Answer):
    """What a tonne costs, and how that changed within a day."""

    current_price: Decimal
    currency: str = CURRENCY
    unit: str = CREDIT_UNIT
    basis: Literal["last_fill", "lowest_listing", "reference"]
    """Whose price it is: the last trade's; before any trade the lowest offer's; before any offer the reference."""
    change24h: Decimal = Field(alias="change24h")
    change_percent24h: Decimal = Field(alias="changePercent24h")
    """In percent of the earlier price."""
    volume24h: Decimal = Field(alias="volume24h")
    """Tonnes."""
    timestamp: datetime

    @classmethod
    def of(cls, price: MarketPrice, moment: datetime) -> Self:
        """The price as it is shown."""
        change = price_change_down(price.current, price.earlier)
        return cls(
            current_price=price.current.dollars_per_tonne,
            basis=price.basis,
            change24h=change.difference,
            changePercent24h=change.percent,
            volume24h=price.volume_kg.tonnes,
            timestamp=moment,
        )


class CandleItem(Answer):
    """Prices of one interval in dollars a tonne, and its volume in tonnes."""

    timestamp: datetime
    """The interval's beginning."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    @classmethod
    def of(cls, candle: Candle) -> Self:
        """The candle as it is shown."""
        return cls(
            timestamp=candle.opened_at,
            open=candle.open.dollars_per_tonne,
            high=candle.high.dollars_per_tonne,
            low=candle.low.dollars_per_tonne,
            close=candle.close.dollars_per_tonne,
            volume=candle.volume_kg.tonnes,
        )


class PriceHistory(Answer):
    """A chart: what was traded in each interval of the period."""

    period: str
    interval: str
    data: list[CandleItem]
