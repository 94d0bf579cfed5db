import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from api.credits.books import TransactionItem, Transactions, WalletBalance, cursor_text
from api.credits.certificates import certificate_path
from api.credits.schemas import Earned, EarnRequest, Minted, MintRequest, Retired, RetireRequest
from api.days import asked_day
from api.requests import bad_body
from api.services import Services
from api.writes import Queued, Writer
from ledger import credits, market
from ledger.accounts import Account
from ledger.credits import InvalidAmount, InvalidClaim
from ledger.kernel.errors import InvalidInput
from ledger.market import ChainPosition

_CURSOR = re.compile(r"(\d{1,15})-(\d{1,9})")
NOBODY = b""


class CreditsController(Controller):
    """What the caller saves, holds and retires."""

    path = "/credits"
    tags = ("credits",)

    @post("/earn", opt=bad_body(InvalidClaim), summary="Claim saved emissions")
    async def earn(
        self,
        data: JSONBody[EarnRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[Earned]:
        """Works the saving out, claims its whole kilograms and assigns a verifier. What is left is carried on."""

        async def command(session: AsyncSession) -> Earned:
            moment = services.clock()
            return Earned.of(await credits.earn(session, caller, data.claim(moment), moment))

        return await writer.perform(command, Earned)

    @post("/retire", opt=bad_body(InvalidAmount), summary="Retire credits for ever")
    async def retire(
        self,
        data: JSONBody[RetireRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[Retired]:
        """Takes credits out of circulation on chain, attributed to their batches. It cannot be undone."""

        async def command(session: AsyncSession) -> Queued[Retired]:
            moment = services.clock()
            retirement = await credits.retire(
                session, services.network, caller, data.request(), reserved=market.reserved_kg, moment=moment
            )
            address = (services.settings.public_url or "") + certificate_path(retirement.retirement_id)
            return Queued(Retired.of(retirement, moment, address), retirement.intent_id)

        async def complete(session: AsyncSession, answer: Retired) -> Retired:
            return answer.at(await credits.retired_at(session, answer.retirement_id))

        return await writer.on_chain(command, Retired, complete=complete)

    @get("/balance", summary="What the caller has")
    async def balance(
        self,
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        session: NamedDependency[AsyncSession],
    ) -> WalletBalance:
        """The balance by the newest mirrored block, through what it came about, and its value at the market's price."""
        network = services.network
        held = await credits.balance(session, network.chain_id, caller.wallet or NOBODY, market.reserved_kg)
        price = await market.market_price(session, network.chain_id, services.clock())
        return WalletBalance.of(held, price, network)

    @get("/transactions", summary="What changed the caller's credits")
    async def transactions(
        self,
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        session: NamedDependency[AsyncSession],
        *,
        start: FromQuery[str | None] = None,
        end: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Transactions:
        """What was issued, bought, sold and retired from the day `start` to the day `end`, newest first."""
        page = await market.account_transactions(
            session,
            services.network.chain_id,
            caller.wallet or NOBODY,
            since=_midnight("start", start),
            until=_midnight("end", end, days_on=1),
            after=_position(cursor),
            limit=limit,
        )
        return Transactions(
            transactions=[TransactionItem.of(each) for each in page.transactions],
            next_cursor=cursor_text(page.following),
        )


class MintController(Controller):
    """Verified claims become credits on chain."""

    path = "/blockchain"
    tags = ("blockchain",)

    @post("/mint", summary="Issue a verified credit")
    async def mint(
        self,
        data: JSONBody[MintRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[Minted]:
        """Issues the credit to its owner, once for ever; asked again, it answers the same transaction."""

        async def command(session: AsyncSession) -> Queued[Minted]:
            issued = await credits.issue(session, services.network, caller, data.credit_id, data.network)
            return Queued(Minted.of(issued, services.network), issued.intent.intent_id)

        async def complete(session: AsyncSession, answer: Minted) -> Minted:
            return answer.credited(await credits.credited_kg(session, services.network.chain_id, data.credit_id))

        return await writer.on_chain(command, Minted, complete=complete)


def _midnight(name: str, text: str | None, *, days_on: int = 0) -> datetime | None:
    """The beginning of the day that a parameter names, or of one some days on."""
    if text is None:
        return None
    try:
        return datetime.combine(asked_day(name, text) + timedelta(days=days_on), time(), UTC)
    except OverflowError:
        raise InvalidInput(f"{name}: no day that anything could happen on.", field=name) from None


def _position(cursor: str | None) -> ChainPosition | None:
    """The place that a cursor of ours stands for."""
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidInput("The cursor is none of ours; send nextCursor of the page before.", field="cursor")
    return ChainPosition(int(match[1]), int(match[2]))
