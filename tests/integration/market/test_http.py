"""The market as its clients see it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.exact import decode
from api.services import Services
from api.trading.routes import TradingController
from api.writes import BASE_PATH
from ledger.accounts import Account, issue_api_key
from ledger.chain import IntentWatch
from ledger.kernel.settings import Settings
from tests.integration.market.floor import Floor

AT_ONCE = {"Prefer": "wait=0"}


@dataclass
class Shop:
    """The API over a trading floor."""

    floor: Floor
    client: httpx.AsyncClient

    async def key(self, account: Account) -> dict[str, str]:
        """The headers that an account calls with."""
        async with self.floor.sessions.begin() as session:
            return {"Authorization": f"Bearer {await issue_api_key(session, account, environment='dev')}"}

    async def post(self, path: str, headers: dict[str, str], **body: Any) -> tuple[int, Any]:
        """The status and body that the call is answered with."""
        answer = await self.client.post(f"{BASE_PATH}{path}", headers=headers, json=body)
        return answer.status_code, decode(answer.content)

    async def get(self, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        """The same for a read."""
        answer = await self.client.get(f"{BASE_PATH}{path}", headers=headers)
        return answer.status_code, decode(answer.content)


@pytest.fixture
async def shop(floor: Floor, database_url: str) -> AsyncIterator[Shop]:
    async with IntentWatch(database_url) as watch:
        settings = Settings(wait_seconds=30)
        services = Services(settings, floor.sessions, floor.network, watch, clock=lambda: floor.moment)
        transport = httpx.ASGITransport(create_app(services, [TradingController]))
        async with httpx.AsyncClient(transport=transport, base_url="http://market") as client:
            yield Shop(floor, client)


OFFER = {"amount": 0.5, "pricePerCredit": 25.501, "currency": "USD", "expiresAt": "2025-02-01T00:00:00+01:00"}


async def test_an_offer_is_pending_then_listed_then_bought_at_its_exact_price(shop: Shop) -> None:
    seller, buyer = await shop.floor.person(kg=500), await shop.floor.person(dollars=100)
    selling, buying = await shop.key(seller), await shop.key(buyer)
    status, listed = await shop.post("/trading/list", selling | AT_ONCE, **OFFER, minPurchase=0.001)
    assert (status, listed["status"], listed["blockchainTx"]) == (201, "pending", None)
    assert "/blockchain/intents/" in listed["statusUrl"]
    await shop.floor.mine()
    status, found = await shop.get("/trading/listings?sort=price&order=asc&limit=20", buying)
    assert (status, found["pagination"]) == (200, {"total": 1, "page": 1, "pageSize": 20})
    assert found["listings"] == [
        {
            "listingId": listed["listingId"],
            "seller": seller.public_id,
            "amount": Decimal("0.5"),
            "unit": "tCO2e",
            "pricePerCredit": Decimal("25.501"),
            "currency": "USD",
            "minPurchase": Decimal("0.001"),
            "listedAt": listed["listedAt"],
            "expiresAt": "2025-01-31T23:00:00Z",
        }
    ]
    buy = asyncio.create_task(
        shop.post("/trading/buy", buying, listingId=listed["listingId"], amount=0.123, maxTotal=3.136623)
    )
    while not buy.done():  # the chain makes blocks while the buyer waits
        await asyncio.sleep(0.05)
        await shop.floor.mine()
    status, bought = await buy
    assert (status, bought["status"], bought["totalPrice"]) == (201, "confirmed", Decimal("3.136623"))
    assert (bought["seller"], bought["amount"]) == (seller.public_id, Decimal("0.123"))
    assert len(bought["blockchainTx"]) == len("0x") + 64
    status, price = await shop.get("/trading/market/price", {})
    assert (status, price["currentPrice"], price["volume24h"]) == (200, Decimal("25.501"), Decimal("0.123"))
    assert (price["change24h"], price["changePercent24h"], price["basis"]) == (0, 0, "last_fill")
    status, history = await shop.get("/trading/market/history?period=30d&interval=1d", buying)
    assert [candle["close"] for candle in history["data"]] == [Decimal("25.501")]


async def test_an_offer_that_the_chain_has_confirmed_is_active(shop: Shop) -> None:
    selling = await shop.key(await shop.floor.person(kg=500))
    offer = asyncio.create_task(shop.post("/trading/list", selling, **OFFER))
    while not offer.done():
        await asyncio.sleep(0.05)
        await shop.floor.mine()
    status, listed = await offer
    assert (status, listed["status"]) == (201, "active")


@pytest.mark.parametrize(
    ("status", "number", "change"),
    [
        (409, 2001, {"amount": 0.501}),
        (400, 1001, {"amount": 0}),
        (400, 1001, {"amount": -0.001}),
        (400, 1001, {"amount": 0.0015}),
        (400, 1001, {"amount": "0.5"}),
        (400, 1001, {"amount": None}),
        (400, 1001, {"pricePerCredit": 25.5001}),
        (400, 1001, {"currency": "XXX"}),
        (400, 1001, {"expiresAt": "2020-01-01T00:00:00Z"}),
        (400, 1001, {"expiresAt": "2099-02-30T00:00:00Z"}),
    ],
)
async def test_an_offer_that_cannot_be_is_refused_in_the_standards_words_and_nothing_stands(
    shop: Shop, status: int, number: int | None, change: dict[str, Any]
) -> None:
    selling = await shop.key(await shop.floor.person(kg=500))
    answered, body = await shop.post("/trading/list", selling | AT_ONCE, **OFFER | change)
    assert (answered, body["error"]["number"]) == (status, number)
    await shop.floor.mine()
    assert (await shop.get("/trading/listings", selling))[1]["listings"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/trading/listings?limit=-1",
        "/trading/listings?sort=colour",
        "/trading/listings?page=0",
        "/trading/market/history?period=soon",
    ],
)
async def test_a_question_that_makes_no_sense_gets_no_answer_that_looks_right(shop: Shop, path: str) -> None:
    status, body = await shop.get(path, await shop.key(await shop.floor.person()))
    assert (status, body["error"]["code"]) == (400, "INVALID_INPUT")
