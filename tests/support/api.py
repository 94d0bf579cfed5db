"""An API on a real socket over a real database, with routes of the tests' own beside nothing else."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import ClassVar

import uvicorn
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.app import create_app
from api.auth import PUBLIC, only
from api.blockchain.routes import BlockchainController
from api.requests import bad_body
from api.schemas import Answer, Body, ChainAnswer, Number
from api.services import Services
from api.writes import Queued, Writer
from ledger import events
from ledger.accounts import Account, Kind, Tier, create_account, issue_api_key
from ledger.accounts.rules import Access
from ledger.chain import Contracts, Intent, IntentWatch, Network, queue
from ledger.chain.custody import Custody
from ledger.chain.models import Chain
from ledger.db.session import create_engine, create_sessions
from ledger.events.models import OutboxEvent
from ledger.kernel.clock import now
from ledger.kernel.errors import InvalidEmissionData
from ledger.kernel.settings import Settings

CHAIN_ID = 31337
NOWHERE = bytes(20)


class MeasureBody(Body):
    """A reading, as a client might send one."""

    needs_one_of: ClassVar[tuple[str, ...]] = ("co2Amount", "distance")

    category: str
    co2_amount: Number | None = None
    distance: Number | None = None


class Measured(Answer):
    """What became of it."""

    measured: Decimal
    recorded_at: datetime


class GiftBody(Body):
    """A write for the chain."""

    ref: str


class Given(ChainAnswer):
    """What became of it."""

    ref: str


class ProbeController(Controller):
    """One route of each sort."""

    path = "/probe"

    @post("/measure", opt=bad_body(InvalidEmissionData))
    async def measure(
        self, data: JSONBody[MeasureBody], caller: NamedDependency[Account], writer: NamedDependency[Writer]
    ) -> Response[Measured]:
        """A write that ends with its commit, and is slow enough for others to come meanwhile."""

        async def command(session: AsyncSession) -> Measured:
            events.record(session, "emission.tracked", caller.public_id, {})
            await session.execute(select(func.pg_sleep(0.1)))
            return Measured(measured=data.co2_amount or Decimal(0), recorded_at=now())

        return await writer.perform(command, Measured)

    @post("/unnumbered")
    async def unnumbered(
        self, data: JSONBody[MeasureBody], caller: NamedDependency[Account], writer: NamedDependency[Writer]
    ) -> Response[Measured]:
        """The same with no number of its own for unfit bodies, and a mistake for one category."""

        async def command(session: AsyncSession) -> Measured:
            events.record(session, "emission.tracked", caller.public_id, {})
            await session.flush()
            if data.category == "alchemy":
                raise InvalidEmissionData("Nobody measures alchemy.")
            return Measured(measured=data.co2_amount or Decimal(0), recorded_at=now())

        return await writer.perform(command, Measured)

    @post("/give")
    async def give(
        self, data: JSONBody[GiftBody], caller: NamedDependency[Account], writer: NamedDependency[Writer]
    ) -> Response[Given]:
        """A write that the chain carries out."""

        async def command(session: AsyncSession) -> Queued[Given]:
            ref = sha256(f"{caller.public_id} {data.ref}".encode()).digest()
            intent = await queue(
                session,
                Intent(
                    chain_id=CHAIN_ID, kind="transfer", ref=ref, account_id=caller.account_id, lane="relay", payload={}
                ),
            )
            return Queued(Given(ref=data.ref), intent.intent_id)

        return await writer.on_chain(command, Given)

    @get("/verifiers", opt=only("verifier", "operator"))
    async def verifiers(self, caller: NamedDependency[Account]) -> dict[str, str]:
        """For some kinds of account."""
        return {"userId": caller.public_id}

    @get("/me")
    async def me(self, caller: NamedDependency[Account]) -> dict[str, str]:
        """For every account."""
        return {"userId": caller.public_id}

    @get("/open/{word:str}", opt=PUBLIC)
    async def open_to_all(self, word: FromPath[str], size: FromQuery[int] = 1) -> dict[str, object]:
        """For anybody."""
        return {"word": word, "size": size}

    @get("/crash", opt=PUBLIC)
    async def crash(self) -> None:
        """Our own mistake."""
        raise RuntimeError("the secret is 42")


@dataclass(frozen=True)
class Served:
    """A running API, and what stands behind it."""

    port: int
    services: Services

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def account(self, kind: Kind = "person", tier: Tier = "pro", *, access: Access = "sk") -> tuple[Account, str]:
        """A new account and a key of it."""
        async with self.services.sessions() as session, session.begin():
            account = await create_account(session, kind=kind, tier=tier, home_network="polygon", moment=now())
            return account, await issue_api_key(session, account, environment="dev", access=access)

    async def effects(self, account: Account) -> int:
        """How often something was measured for the account."""
        told = OutboxEvent.name == "emission.tracked", OutboxEvent.aggregate == account.public_id
        async with self.services.sessions() as session:
            return (await session.execute(select(func.count()).where(*told))).scalar_one()

    async def intents(self, account: Account) -> list[int]:
        """The account's intents."""
        async with self.services.sessions() as session:
            own = select(Intent.intent_id).where(Intent.account_id == account.account_id)
            return list((await session.execute(own)).scalars())

    async def close_intents(self, account: Account, **values: object) -> None:
        """What the mirror does when the chain has carried the account's intents out, or has refused them."""
        async with self.services.sessions() as session, session.begin():
            await session.execute(update(Intent).where(Intent.account_id == account.account_id).values(**values))
            await session.execute(select(func.pg_notify("ccm_mirrored", "")))


@asynccontextmanager
async def served(database_url: str, settings: Settings | None = None) -> AsyncIterator[Served]:
    """The API over this database, with a mirrored chain that has one block's cursor and nothing on it."""
    engine = create_engine(database_url)
    sessions = create_sessions(engine)
    contracts = Contracts(NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE)
    network = Network(CHAIN_ID, "polygon", contracts, Custody(bytes(32)))
    async with IntentWatch(database_url) as watch:
        services = Services(settings or Settings(wait_seconds=1), sessions, network, watch)
        async with listening(services) as port:
            yield Served(port, services)
    await engine.dispose()


async def add_chain(served_api: Served) -> None:
    """The chain's row, as the deployment makes it."""
    async with served_api.services.sessions() as session, session.begin():
        session.add(
            Chain(chain_id=CHAIN_ID, network="polygon", genesis_hash=bytes(32), next_block=1, finality="depth:1")
        )


@asynccontextmanager
async def listening(services: Services) -> AsyncIterator[int]:
    """The API on a free port of the loopback, until the context ends."""
    app = create_app(services, [ProbeController, BlockchainController])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await _started(server)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


async def _started(server: uvicorn.Server) -> None:
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
