import pytest_asyncio

from ledger.chain import Network, Relayer, Rpc
from ledger.db.session import Sessions
from tests.support.chain import network, rpc

__all__ = ["network", "rpc"]


@pytest_asyncio.fixture
async def relayer(sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> Relayer:
    return Relayer(sessions, rpc, network, database_url)
