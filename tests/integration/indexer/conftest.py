from collections.abc import AsyncIterator

import pytest_asyncio

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import Network, Rpc
from ledger.db.session import Sessions
from tests.support.chain import network, rpc
from tests.support.faulty import Faulty
from tests.support.rpc_double import RpcDouble

__all__ = ["network", "rpc"]


@pytest_asyncio.fixture
async def node(anvil: EmbeddedAnvil) -> AsyncIterator[RpcDouble]:
    """The test's chain behind a node that fails on command."""
    async with RpcDouble(anvil.url) as double:
        yield double


@pytest_asyncio.fixture
async def faulty(sessions: Sessions, network: Network, rpc: Rpc, node: RpcDouble) -> AsyncIterator[Faulty]:
    """The chain with the contracts, reached through that node."""
    async with Rpc(node.url, timeout_seconds=1.5) as through:
        yield Faulty(sessions, network, rpc, node, through)
