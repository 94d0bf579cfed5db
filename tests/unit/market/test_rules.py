from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.errors import (
    CcmError,
    InsufficientCredits,
    InsufficientFunds,
    InvalidInput,
    ListingNotFound,
    PriceChanged,
)
from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Kg
from ledger.market import rules
from ledger.market.errors import BelowMinimumPurchase, OwnListing
from ledger.market.rules import Availability, Offer, Terms

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)


def make_offer(**changes: Any) -> Offer:
    usual: dict[str, Any] = {
        "tonnes": Decimal("0.5"),
        "price_per_tonne": Decimal("25.5"),
        "currency": "USD",
        "minimum_tonnes": Decimal("0.001"),
        "expires_at": NOON + timedelta(days=1),
    }
    return rules.offer(Terms(**usual | changes), NOON)


def test_an_offer_is_kept_in_the_markets_units() -> None:
    assert make_offer() == Offer(Kg(500), PricePerKg(25_500), Kg(1), NOON + timedelta(days=1))


def test_an_offer_without_minimum_and_end_gets_a_kilogram_and_thirty_days() -> None:
    offer = make_offer(minimum_tonnes=None, expires_at=None)
    assert (offer.minimum_kg, offer.expires_at) == (Kg(1), NOON + timedelta(days=30))


def test_the_end_of_an_offer_is_a_whole_second_because_the_chain_knows_no_finer_one() -> None:
    assert make_offer(expires_at=NOON + timedelta(seconds=5.9)).expires_at == NOON + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("amount", {"tonnes": Decimal(0)}),
        ("amount", {"tonnes": Decimal("-0.001")}),
        ("amount", {"tonnes": Decimal("0.0015")}),
        ("amount", {"tonnes": Decimal("NaN")}),
        ("amount", {"tonnes": Decimal("Infinity")}),
        ("pricePerCredit", {"price_per_tonne": Decimal(0)}),
        ("pricePerCredit", {"price_per_tonne": Decimal(-1)}),
        ("pricePerCredit", {"price_per_tonne": Decimal("25.5001")}),
        ("pricePerCredit", {"price_per_tonne": Decimal("NaN")}),
        ("pricePerCredit", {"price_per_tonne": Decimal("1e300")}),
        ("currency", {"currency": "XXX"}),
        ("minPurchase", {"minimum_tonnes": Decimal("0.501")}),
        ("minPurchase", {"minimum_tonnes": Decimal(0)}),
        ("expiresAt", {"expires_at": NOON}),
        ("expiresAt", {"expires_at": NOON - timedelta(days=1)}),
        ("expiresAt", {"expires_at": NOON + timedelta(microseconds=1)}),
    ],
)
def test_an_offer_that_nobody_can_have_meant_is_refused_by_the_name_of_its_field(
    field: str, terms: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make_offer(**terms)
    assert refusal.value.facts["field"] == field


KG = st.integers(1, 10**9).map(Kg)
PRICE = st.integers(1, 10**9).map(PricePerKg)


@given(KG, PRICE)
def test_a_purchase_costs_exactly_its_tonnes_times_the_price_of_a_tonne(kg: Kg, price_per_kg: PricePerKg) -> None:
    behind = Availability(is_open=True, remaining_kg=kg, funds=price_per_kg.total(kg))
    total = rules.check_purchase(kg, price_per_kg, Kg(1), None, behind, is_own=False)
    assert total.dollars == kg.tonnes * price_per_kg.dollars_per_tonne


def buy_ten(
    *,
    kg: int = 10,
    remaining: int = 100,
    funds: int = 10**9,
    minimum: int = 1,
    most: int | None = None,
    is_open: bool = True,
    is_own: bool = False,
) -> Micros:
    behind = Availability(is_open=is_open, remaining_kg=Kg(remaining), funds=Micros(funds))
    most_total = None if most is None else Micros(most)
    return rules.check_purchase(Kg(kg), PricePerKg(25_500), Kg(minimum), most_total, behind, is_own=is_own)


def test_a_purchase_within_every_limit_costs_its_total() -> None:
    assert buy_ten(remaining=10, funds=255_000, minimum=10, most=255_000) == Micros(255_000)


@pytest.mark.parametrize(
    ("error", "situation"),
    [
        (ListingNotFound, {"is_open": False, "is_own": True}),
        (OwnListing, {"is_own": True, "remaining": 9}),
        (InsufficientCredits, {"remaining": 9, "minimum": 11}),
        (BelowMinimumPurchase, {"minimum": 11, "most": 254_999}),
        (PriceChanged, {"most": 254_999, "funds": 254_999}),
        (InsufficientFunds, {"funds": 254_999}),
    ],
)
def test_a_purchase_is_refused_for_the_first_thing_that_speaks_against_it(
    error: type[CcmError], situation: dict[str, Any]
) -> None:
    with pytest.raises(error):
        buy_ten(**situation)


def test_the_rest_of_a_listing_may_be_smaller_than_its_minimum() -> None:
    assert buy_ten(kg=3, remaining=3, minimum=50) == Micros(76_500)
    with pytest.raises(BelowMinimumPurchase):
        buy_ten(kg=2, remaining=3, minimum=50)


def test_a_refusal_tells_what_there_is_and_what_was_asked_for() -> None:
    with pytest.raises(InsufficientCredits) as refusal:
        buy_ten(kg=11, remaining=10)
    assert refusal.value.facts == {"available": Decimal("0.010"), "requested": Decimal("0.011")}


@pytest.mark.parametrize(
    ("now", "earlier", "difference", "percent"),
    [
        (30_000, 25_000, Decimal(5), Decimal(20)),
        (25_000, 30_000, Decimal(-5), Decimal("-16.666666")),
        (25_500, 25_500, Decimal(0), Decimal(0)),
    ],
)
def test_a_change_is_told_relative_to_the_earlier_price(
    now: int, earlier: int, difference: Decimal, percent: Decimal
) -> None:
    change = rules.price_change_down(PricePerKg(now), PricePerKg(earlier))
    assert (change.difference, change.percent) == (difference, percent)


def test_a_chart_is_asked_for_in_hours_or_days() -> None:
    assert rules.chart("30d", "1d") == (timedelta(days=30), timedelta(days=1))
    assert rules.chart("24h", "1h") == (timedelta(hours=24), timedelta(hours=1))


@pytest.mark.parametrize(
    ("period", "interval", "field"),
    [("soon", "1d", "period"), ("0d", "1d", "period"), ("30d", "1m", "interval"), ("3650d", "1h", "interval")],
)
def test_a_chart_that_nobody_could_draw_is_refused(period: str, interval: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        rules.chart(period, interval)
    assert refusal.value.facts["field"] == field
