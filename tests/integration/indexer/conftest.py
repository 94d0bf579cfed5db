from collections.abc import AsyncIterator

import pytest_asyncio

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import Custody, Network, Rpc, deploy, load_network
from ledger.db.session import Sessions, create_engine, create_sessions
from tests.support.chain import SEED


@pytest_asyncio.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    engine = create_engine(database_url)
    yield create_sessions(engine)
    await engine.dispose()


@pytest_asyncio.fixture
async def rpc(anvil: EmbeddedAnvil) -> AsyncIterator[Rpc]:
    async with Rpc(anvil.url) as node:
        yield node


@pytest_asyncio.fixture
async def network(sessions: Sessions, rpc: Rpc) -> Network:
    custody = Custody(SEED)
    await deploy(sessions, rpc, custody, network="polygon", confirmations=1)
    async with sessions() as session:
        return await load_network(session, "polygon", custody)
