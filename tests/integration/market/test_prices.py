from datetime import timedelta
from typing import Literal

import pytest

from ledger.kernel.money import PricePerKg
from ledger.kernel.units import Kg
from ledger.market import Candle, ListingPage, MarketPrice, Sort, candles, listings, market_price
from tests.integration.market.floor import CHAIN_ID, NOON, Floor


async def price(floor: Floor) -> MarketPrice:
    async with floor.sessions() as session:
        return await market_price(session, CHAIN_ID, floor.moment)


async def page(floor: Floor, sort: Sort, direction: Literal["asc", "desc"], number: int, size: int) -> ListingPage:
    async with floor.sessions() as session:
        return await listings(
            session, CHAIN_ID, floor.moment, sort=sort, direction=direction, page=number, page_size=size
        )


async def test_the_price_is_the_last_trades_else_the_lowest_offers_else_the_reference(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=100), await floor.person(dollars=10)
    assert await price(floor) == MarketPrice(PricePerKg(25_500), "reference", PricePerKg(25_500), Kg(0))
    dear = await floor.listed(seller, "0.01", "40")
    await floor.listed(seller, "0.01", "30")
    assert await price(floor) == MarketPrice(PricePerKg(30_000), "lowest_listing", PricePerKg(30_000), Kg(0))
    await floor.buy(buyer, dear, "0.002")
    assert (await price(floor)).basis == "lowest_listing", "what is only promised is no price"
    await floor.mine()
    assert await price(floor) == MarketPrice(PricePerKg(40_000), "last_fill", PricePerKg(40_000), Kg(2))


async def test_a_days_change_is_measured_from_the_price_a_day_before(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=100), await floor.person(dollars=10)
    for days, dollars, kg in ((0, "20", 3), (2, "25", 5), (0, "30", 7)):
        floor.moment += timedelta(days=days)
        listing = await floor.listed(seller, "0.01", dollars)
        await floor.buy(buyer, listing, f"0.{kg:03d}")
        await floor.mine()
    assert await price(floor) == MarketPrice(PricePerKg(30_000), "last_fill", PricePerKg(20_000), Kg(12))


async def test_a_candle_tells_what_was_traded_in_its_interval(floor: Floor) -> None:
    seller, buyer = await floor.person(kg=100), await floor.person(dollars=10)
    trades = ((0, "20", 3), (1, "25", 5), (1, "15", 2), (1, "18", 1), (24, "30", 7))
    for hours, dollars, kg in trades:
        floor.moment += timedelta(hours=hours)
        listing = await floor.listed(seller, "0.01", dollars)
        await floor.buy(buyer, listing, f"0.{kg:03d}")
        await floor.mine()
    async with floor.sessions() as session:
        found = await candles(session, CHAIN_ID, NOON - timedelta(days=1), timedelta(days=1))
    midnight = NOON.replace(hour=0)
    thirty = PricePerKg(30_000)
    assert found == [
        Candle(midnight, PricePerKg(20_000), PricePerKg(25_000), PricePerKg(15_000), PricePerKg(18_000), Kg(11)),
        Candle(midnight + timedelta(days=1), thirty, thirty, thirty, thirty, Kg(7)),
    ]


@pytest.mark.parametrize("sort", ["price", "listedAt"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_neither_skip_nor_repeat_a_listing_even_among_equal_prices(
    floor: Floor, sort: Sort, direction: Literal["asc", "desc"]
) -> None:
    seller = await floor.person(kg=100)
    prices = ("4", "4", "3", "4", "5")
    for dollars in prices:
        await floor.list(seller, "0.01", dollars)
    await floor.mine()
    pages = [await page(floor, sort, direction, number, 2) for number in (1, 2, 3)]
    seen = [each for part in pages for each in part.listings]
    assert {part.total for part in pages} == {5}
    assert len({each.listing_id for each in seen}) == len(seen) == 5
    keys = [each.price_per_kg if sort == "price" else each.listed_at for each in seen]
    assert keys == sorted(keys, reverse=direction == "desc")
