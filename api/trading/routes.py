from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import PUBLIC
from api.requests import bad_body
from api.services import Services
from api.trading.schemas import (
    BuyRequest,
    CandleItem,
    Listed,
    ListingItem,
    Listings,
    ListRequest,
    Pagination,
    Price,
    PriceHistory,
    Purchased,
)
from api.writes import Queued, Writer
from ledger import market
from ledger.accounts import Account
from ledger.credits import InvalidAmount

LARGEST_PAGE = 1_000_000


class TradingController(Controller):
    """Offers, purchases and prices."""

    path = "/trading"
    tags = ("trading",)

    @post("/list", opt=bad_body(InvalidAmount), summary="Offer credits for sale")
    async def list_credits(
        self,
        data: JSONBody[ListRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[Listed]:
        """Places a sell order on chain. The credits stay the caller's until somebody buys them."""

        async def command(session: AsyncSession) -> Queued[Listed]:
            listing = await market.list_credits(session, services.network, caller, data.terms(), services.clock())
            return Queued(Listed.of(listing), listing.intent_id)

        return await writer.on_chain(command, Listed)

    @post("/buy", opt=bad_body(InvalidAmount), summary="Buy credits from a listing")
    async def buy(
        self,
        data: JSONBody[BuyRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[Purchased]:
        """Settles against the listing's order on chain: all of the amount or nothing, at the listing's price."""

        async def command(session: AsyncSession) -> Queued[Purchased]:
            bought = await market.buy(session, services.network, caller, data.demand(), services.clock())
            return Queued(Purchased.of(bought), bought.purchase.intent_id)

        return await writer.on_chain(command, Purchased)

    @get("/listings", summary="What is offered now")
    async def listings(
        self,
        services: NamedDependency[Services],
        session: NamedDependency[AsyncSession],
        *,
        sort: FromQuery[market.Sort] = "price",
        order: FromQuery[market.Direction] = "asc",
        limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
        page: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = 1,
    ) -> Listings:
        """The open listings, a page of them; equal ones in the order in which they were made."""
        found = await market.listings(
            session,
            services.network.chain_id,
            services.clock(),
            sort=sort,
            direction=order,
            page=page,
            page_size=limit,
        )
        return Listings(
            listings=[ListingItem.of(listing) for listing in found.listings],
            pagination=Pagination(total=found.total, page=page, page_size=limit),
        )

    @get("/market/price", opt=PUBLIC, summary="What a tonne costs")
    async def market_price(self, services: NamedDependency[Services], session: NamedDependency[AsyncSession]) -> Price:
        """The price now, and how it changed within a day. Needs no key."""
        moment = services.clock()
        return Price.of(await market.market_price(session, services.network.chain_id, moment), moment)

    @get("/market/history", summary="How the price went")
    async def market_history(
        self,
        services: NamedDependency[Services],
        session: NamedDependency[AsyncSession],
        period: FromQuery[str] = "30d",
        interval: FromQuery[str] = "1d",
    ) -> PriceHistory:
        """Candles of what was traded; an interval without a trade has none."""
        back, step = market.chart(period, interval)
        found = await market.candles(session, services.network.chain_id, services.clock() - back, step)
        return PriceHistory(period=period, interval=interval, data=[CandleItem.of(candle) for candle in found])
