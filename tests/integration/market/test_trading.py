import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from ledger.accounts import Account, create_account
from ledger.chain import IntentState, state
from ledger.credits.mirror_models import CreditHolding
from ledger.events.models import OutboxEvent
from ledger.kernel.errors import (
    CcmError,
    InsufficientCredits,
    InsufficientFunds,
    InvalidInput,
    ListingNotFound,
    PriceChanged,
    WalletNotConnected,
)
from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Kg
from ledger.market import Bought, OpenListing, listings
from ledger.market.errors import OwnListing
from ledger.market.mirror_models import CoinHolding
from tests.integration.market.floor import CHAIN_ID, Floor


async def offered(floor: Floor) -> list[OpenListing]:
    async with floor.sessions() as session:
        return (await listings(session, CHAIN_ID, floor.moment)).listings


async def held_kg(floor: Floor, holder: Account) -> Kg:
    async with floor.sessions() as session:
        held = select(CreditHolding.balance_kg).where(CreditHolding.holder == holder.wallet)
        return (await session.execute(held)).scalar_one_or_none() or Kg(0)


async def coins(floor: Floor, holder: Account) -> Micros:
    async with floor.sessions() as session:
        mine = select(CoinHolding.balance_micros).where(CoinHolding.holder == holder.wallet)
        return (await session.execute(mine)).scalar_one_or_none() or Micros(0)


async def outcome(floor: Floor, intent_id: int) -> IntentState:
    async with floor.sessions() as session:
        return await state(session, intent_id)


async def test_what_is_listed_is_sold_at_its_price_to_the_millionth(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=500), await floor.person(dollars=100)
    listing = await floor.listed(seller, "0.5", "25.501")
    bought = await floor.buy(buyer, listing, "0.123")
    assert bought.purchase.total_micros.dollars == Decimal("3.136623")
    assert bought.seller == seller.public_id
    await floor.mine()
    assert (await outcome(floor, bought.purchase.intent_id)).status == "confirmed"
    assert await held_kg(floor, seller) == Kg(377)
    assert await held_kg(floor, buyer) == Kg(123)
    assert await coins(floor, seller) == Micros(3_136_623)
    assert await coins(floor, buyer) == Micros(96_863_377)


async def test_an_offer_is_listed_once_it_stands_on_chain_and_until_it_is_sold_out(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=500), await floor.person(dollars=100)
    listing = await floor.list(seller, "0.5", minimum_tonnes=Decimal("0.1"))
    assert await offered(floor) == []
    await floor.mine()
    assert await offered(floor) == [
        OpenListing(
            listing.listing_id,
            seller.public_id,
            Kg(500),
            PricePerKg(25_500),
            Kg(100),
            listing.recorded_at,
            listing.expires_at,
        )
    ]
    await floor.buy(buyer, listing, "0.2")
    assert [each.remaining_kg for each in await offered(floor)] == [Kg(300)], "what was promised is not offered again"
    await floor.buy(buyer, listing, "0.3")
    assert await offered(floor) == []
    await floor.mine()
    assert await offered(floor) == []
    with pytest.raises(InsufficientCredits):
        await floor.buy(buyer, listing, "0.1")


async def test_the_same_credits_are_not_listed_twice_before_nor_after_the_chain_has_the_first_offer(
    floor: Floor,
) -> None:
    seller = await floor.person(kg=100)
    await floor.list(seller, "0.1")
    with pytest.raises(InsufficientCredits) as refusal:
        await floor.list(seller, "0.1")
    assert refusal.value.number == 2001
    assert refusal.value.facts == {"available": Decimal(0), "requested": Decimal("0.1")}
    await floor.mine()
    with pytest.raises(InsufficientCredits):
        await floor.list(seller, "0.001")
    with pytest.raises(InsufficientCredits):
        await floor.retire(seller, 1)


async def test_an_offer_that_is_over_gives_its_credits_back(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=100), await floor.person(dollars=100)
    listing = await floor.listed(seller, "0.1", expires_at=floor.moment + timedelta(hours=1))
    floor.moment += timedelta(hours=2)
    assert await offered(floor) == []
    with pytest.raises(ListingNotFound):
        await floor.buy(buyer, listing, "0.05")
    with pytest.raises(InsufficientCredits):  # a block could still come that is older than our clock says
        await floor.list(seller, "0.1")
    await floor.mine()
    await floor.listed(seller, "0.1")


async def attempt(floor: Floor, buyer: Account, listing_id: str, tonnes: str) -> Bought | CcmError:
    try:
        return await floor.buy(buyer, listing_id, tonnes)
    except CcmError as refusal:
        return refusal


async def test_two_buyers_at_once_do_not_get_the_same_last_kilogram(floor: Floor) -> None:
    seller, first, second = await floor.person(kg=1), await floor.person(dollars=1), await floor.person(dollars=1)
    listing = await floor.listed(seller, "0.001")
    answers = await asyncio.gather(*(attempt(floor, buyer, listing.listing_id, "0.001") for buyer in (first, second)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Bought", "InsufficientCredits"]
    await floor.mine()
    assert int(await held_kg(floor, first)) + int(await held_kg(floor, second)) == 1


async def test_a_buyer_does_not_spend_the_same_dollar_at_two_listings_at_once(floor: Floor) -> None:
    seller, other, buyer = await floor.person(kg=40), await floor.person(kg=40), await floor.person(dollars=1)
    shops = [await floor.listed(seller, "0.04", "25"), await floor.listed(other, "0.04", "25")]
    answers = await asyncio.gather(*(attempt(floor, buyer, shop.listing_id, "0.04") for shop in shops))
    assert sorted(type(answer).__name__ for answer in answers) == ["Bought", "InsufficientFunds"]
    await floor.mine()
    assert await coins(floor, buyer) == Micros(0)


async def test_what_no_batch_may_give_is_not_retired_but_traded(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=500), await floor.person(dollars=100)
    floor.chain.begin_block(floor.moment)
    floor.chain.suspend()
    await floor.mirror()
    with pytest.raises(InsufficientCredits, match=r"Only 0\.000 t can be retired now") as refused:
        await floor.retire(seller, 100)
    assert (refused.value.facts["available"], refused.value.facts["attributable"]) == (Decimal("0.5"), Decimal(0))
    await floor.buy(buyer, await floor.listed(seller, "0.2"), "0.2")
    await floor.mine()
    assert await held_kg(floor, buyer) == Kg(200)

    floor.chain.begin_block(floor.moment)
    floor.chain.unsuspend()
    await floor.mirror()
    await floor.retire(seller, 100)
    await floor.mine()
    assert await held_kg(floor, seller) == Kg(200)


async def test_a_seller_does_not_list_and_retire_the_same_credits_at_once(floor: Floor) -> None:
    seller = await floor.person(kg=10)
    answers = await asyncio.gather(
        floor.list(seller, "0.01"), floor.retire(seller, 10), floor.list(seller, "0.01"), return_exceptions=True
    )
    assert [type(answer) for answer in answers].count(InsufficientCredits) == 2
    await floor.mine()


async def test_a_purchase_that_cannot_be_is_refused_with_the_standards_number(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=100), await floor.person(dollars=1)
    listing = await floor.listed(seller, "0.1", "25")
    with pytest.raises(ListingNotFound):
        await floor.buy(buyer, "LST-2020-999999999", "0.001")
    with pytest.raises(InsufficientCredits):
        await floor.buy(buyer, listing, "0.101")
    with pytest.raises(PriceChanged):
        await floor.buy(buyer, listing, "0.002", most="0.049999")
    with pytest.raises(InsufficientFunds):
        await floor.buy(buyer, listing, "0.041")
    with pytest.raises(OwnListing):
        await floor.buy(seller, listing, "0.001")
    with pytest.raises(InvalidInput):
        await floor.buy(buyer, listing, "0.0015")
    assert (await floor.buy(buyer, listing, "0.04", most="1")).purchase.total_micros == Micros(1_000_000)


async def test_an_offer_can_be_bought_only_once_it_stands_on_chain(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=100), await floor.person(dollars=1)
    listing = await floor.list(seller, "0.1")
    with pytest.raises(ListingNotFound):
        await floor.buy(buyer, listing, "0.001")


async def test_who_has_no_custody_wallet_is_told_so(floor: Floor) -> None:
    async with floor.sessions.begin() as session:
        stranger = await create_account(
            session, kind="person", tier="free", home_network="polygon", moment=floor.moment, wallet=bytes([7]) * 20
        )
    with pytest.raises(WalletNotConnected):
        await floor.list(stranger, "0.001")


async def test_an_offer_and_its_trade_are_told(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=10), await floor.person(dollars=1)
    listing = await floor.listed(seller, "0.01")
    await floor.buy(buyer, listing, "0.004")
    await floor.mine()
    async with floor.sessions() as session:
        told = {
            event.name: event
            for event in (await session.execute(select(OutboxEvent).order_by(OutboxEvent.position))).scalars()
        }
    assert told["order.placed"].aggregate == listing.listing_id
    assert told["order.placed"].data == {
        "listingId": listing.listing_id,
        "seller": seller.public_id,
        "kg": 10,
        "pricePerKg": 25_500,
    }
    assert told["trade.executed"].data["kg"] == 4
    assert told["trade.executed"].data["totalMicros"] == 102_000
