"""What may be offered, bought and charged, as pure functions."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from ledger.credits.rules import positive_kg
from ledger.kernel.errors import InsufficientCredits, InsufficientFunds, InvalidInput, ListingNotFound, PriceChanged
from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Kg, plain
from ledger.market.errors import BelowMinimumPurchase, InvalidTerms, OwnListing

CURRENCY = "USD"
"""The one currency of the market: its coin stands for a dollar."""

MOST_TOTAL = Micros(10**18)
"""No offer is worth more than a trillion dollars: totals stay exact in 64 bits, and a slip of the hand is caught."""

LEAST_PURCHASE = Kg(1)
DEFAULT_LIFETIME = timedelta(days=30)
"""How long an offer stands whose seller names no end."""

REFERENCE_PRICE = PricePerKg(25_500)
"""25.50 USD a tonne, the standard's own example: what a credit is valued at before anybody offered or bought one."""

MOST_CANDLES = 1_000
_SPAN = re.compile(r"([1-9]\d{0,4})([hd])")

PERCENT_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a seller asks for, as they wrote it."""

    tonnes: Decimal
    price_per_tonne: Decimal
    currency: str
    minimum_tonnes: Decimal | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a maker of an order offers to sell, or to buy, in the market's units."""

    kg: Kg
    price_per_kg: PricePerKg
    minimum_kg: Kg
    expires_at: datetime
    """The last second at which it can be filled."""


@dataclass(frozen=True, slots=True)
class Availability:
    """What stands behind a purchase at the moment of the decision, read in one statement."""

    is_open: bool
    """Placed on chain, and neither cancelled nor over."""
    remaining_kg: Kg
    """Not sold, and not promised to another buyer."""
    funds: Micros
    """The buyer's coins that are not promised elsewhere."""


@dataclass(frozen=True, slots=True)
class PriceChange:
    """How a price moved, in dollars a tonne and in percent of the earlier price."""

    difference: Decimal
    percent: Decimal


def offer(terms: Terms, moment: datetime) -> Offer:
    """The offer that these terms make at `moment`.

    Raises:
        InvalidAmount: an amount that is not a whole number of kilograms above zero.
        InvalidTerms: a price, currency, minimum or end that nobody can have meant; `field` names it.
    """
    kg = positive_kg("amount", terms.tonnes)
    price_per_kg = _price("pricePerCredit", terms.price_per_tonne)
    if terms.currency != CURRENCY:
        raise InvalidTerms(f"The market trades in {CURRENCY} only.", field="currency", allowed=[CURRENCY])
    minimum_kg = LEAST_PURCHASE if terms.minimum_tonnes is None else positive_kg("minPurchase", terms.minimum_tonnes)
    if minimum_kg > kg:
        raise InvalidTerms(
            f"minPurchase is {minimum_kg.tonnes} t, more than the {kg.tonnes} t offered.", field="minPurchase"
        )
    if int(kg) * int(price_per_kg) > MOST_TOTAL:
        raise InvalidTerms(
            f"The offer is worth more than {MOST_TOTAL.dollars} USD; lower the price or the amount.",
            field="pricePerCredit",
        )
    end = (terms.expires_at or moment + DEFAULT_LIFETIME).replace(microsecond=0)
    if end <= moment:
        raise InvalidTerms("expiresAt is in the past; name a time to come.", field="expiresAt")
    return Offer(kg, price_per_kg, minimum_kg, end)


def micros(field: str, dollars: Decimal) -> Micros:
    """Money from dollars.

    Raises:
        InvalidTerms: not finite, negative, or finer than a millionth.
    """
    try:
        return Micros.from_dollars(dollars)
    except ValueError as error:
        raise InvalidTerms(f"{field}: {error}.", field=field) from error


def _price(field: str, dollars_per_tonne: Decimal) -> PricePerKg:
    try:
        price_per_kg = PricePerKg.from_dollars_per_tonne(dollars_per_tonne)
    except ValueError as error:
        raise InvalidTerms(f"{field}: {error}.", field=field) from error
    if price_per_kg == 0:
        raise InvalidTerms(f"{field} is zero; the least is 0.001 USD a tonne.", field=field)
    return price_per_kg


def check_purchase(
    kg: Kg,
    price_per_kg: PricePerKg,
    minimum_kg: Kg,
    most_total: Micros | None,
    behind: Availability,
    *,
    is_own: bool,
) -> Micros:
    """What `kg` of a listing cost, once nothing speaks against the purchase. The refusals come in this order.

    Raises:
        ListingNotFound: the listing is not open.
        OwnListing: the buyer is the seller.
        InsufficientCredits: more than is left of it.
        BelowMinimumPurchase: less than the seller sells at once; what is left at the end may be smaller.
        PriceChanged: the total is above the buyer's maximum.
        InsufficientFunds: the buyer has less than the total.
    """
    if not behind.is_open:
        raise ListingNotFound("This listing is not open (any more); look for another among the listings.")
    if is_own:
        raise OwnListing("This is your own listing; you cannot buy from yourself.")
    if kg > behind.remaining_kg:
        raise InsufficientCredits(
            f"The listing has {behind.remaining_kg.tonnes} t left, {kg.tonnes} t were asked for.",
            available=behind.remaining_kg.tonnes,
            requested=kg.tonnes,
        )
    least_kg = min(minimum_kg, behind.remaining_kg)
    if kg < least_kg:
        raise BelowMinimumPurchase(
            f"The seller sells at least {least_kg.tonnes} t at once, {kg.tonnes} t were asked for.",
            field="amount",
            minimum=least_kg.tonnes,
        )
    total = price_per_kg.total(kg)
    if most_total is not None and total > most_total:
        raise PriceChanged(
            f"It costs {total.dollars} USD, more than your maximum of {most_total.dollars} USD.",
            totalPrice=total.dollars,
            maxTotal=most_total.dollars,
        )
    if total > behind.funds:
        raise InsufficientFunds(
            f"It costs {total.dollars} USD, and {behind.funds.dollars} USD are available.",
            available=behind.funds.dollars,
            required=total.dollars,
        )
    return total


def price_change_down(price_per_kg: PricePerKg, earlier_per_kg: PricePerKg) -> PriceChange:
    """How the price moved since it was `earlier_per_kg`; the percentage is cut, toward zero, at six decimals."""
    difference = price_per_kg.dollars_per_tonne - earlier_per_kg.dollars_per_tonne
    percent_down = (difference * 100 / earlier_per_kg.dollars_per_tonne).quantize(PERCENT_STEP, ROUND_DOWN)
    return PriceChange(plain(difference), plain(percent_down))


def chart(period: str, interval: str) -> tuple[timedelta, timedelta]:
    """How far back a chart goes and how long each of its candles is, from texts like 30d and 1h.

    Raises:
        InvalidInput: not written so, or more candles than anybody looks at.
    """
    back, step = _span("period", period), _span("interval", interval)
    if back // step > MOST_CANDLES:
        raise InvalidInput(
            f"{period} in steps of {interval} are more than {MOST_CANDLES} candles; take a longer interval.",
            field="interval",
        )
    return back, step


def _span(field: str, text: str) -> timedelta:
    written = _SPAN.fullmatch(text)
    if written is None:
        raise InvalidInput(f"{field} is a number of hours or days, such as 24h or 30d.", field=field)
    count = int(written[1])
    return timedelta(hours=count) if written[2] == "h" else timedelta(days=count)
