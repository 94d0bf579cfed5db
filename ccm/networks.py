"""The networks that are followed: their nodes, their rows in the database, and an indexer for each."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

import ledger.chain.mirror
import ledger.credits.mirror
import ledger.market.mirror
from ccm.provision import DEPLOYMENTS
from indexer import Endpoints, Indexer, Mirror
from indexer.fleet import Fleet, Make
from indexer.metrics import IndexerMetrics, Monitor
from ledger.chain import Rpc, adopt, identify
from ledger.chain.models import Chain
from ledger.db.session import Sessions
from ledger.kernel.address_book import AddressBook, file_of
from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.network_names import NetworkName
from ledger.kernel.networks import NetworkSettings
from ledger.kernel.settings import Settings

MIRRORS: tuple[Mirror, ...] = (ledger.chain.mirror, ledger.credits.mirror, ledger.market.mirror)
"""In the order of the layers: what a higher one reads, a lower one has written."""


@dataclass(frozen=True, slots=True)
class OpenNetwork:
    """A network with connections to its nodes."""

    name: NetworkName
    settings: NetworkSettings
    rpcs: Sequence[Rpc]
    """The preferred one first."""
    endpoints: Endpoints


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[dict[NetworkName, OpenNetwork]]:
    """Every network that is followed, the home network first. No node is asked anything yet."""
    networks: dict[NetworkName, OpenNetwork] = {}
    async with AsyncExitStack() as connections:
        for name, each in settings.followed.items():
            rpcs = [await connections.enter_async_context(Rpc(url)) for url in each.nodes.calls]
            networks[name] = OpenNetwork(name, each, rpcs, Endpoints(rpcs, each.nodes.heads))
        yield networks


def fleet_of(
    settings: Settings, sessions: Sessions, networks: Mapping[NetworkName, OpenNetwork], metrics: IndexerMetrics
) -> tuple[Fleet, dict[str, Monitor]]:
    """An indexer for each network, and what each tells of itself."""
    monitors: dict[str, Monitor] = {name: Monitor(name, metrics) for name in networks}
    makers: dict[str, Make] = {
        name: partial(_indexer, settings, sessions, network) for name, network in networks.items()
    }
    return Fleet(makers, monitors), monitors


async def _indexer(settings: Settings, sessions: Sessions, network: OpenNetwork, monitor: Monitor) -> Indexer:
    return Indexer(
        sessions,
        network.endpoints,
        await _entered(settings, sessions, network),
        mirrors=MIRRORS,
        window=network.settings.blocks_remembered,
        monitor=monitor,
    )


async def _entered(settings: Settings, sessions: Sessions, network: OpenNetwork) -> int:
    """The id of the network's chain, which is in the database from now on: as its address book has it, if it was not.

    Raises:
        ConnectionError: the database does not know the chain, and no node of it answers.
        BlockchainUnavailable: the chain is mirrored under another name, or has no usable address book.
    """
    async with sessions.begin() as session:
        chain = await session.scalar(select(Chain).where(Chain.network == network.name))
        if chain is not None:
            chain.finality = str(network.settings.rule)
            return chain.chain_id
    try:
        identity = await identify(network.rpcs[0])
    except BlockchainUnavailable as error:
        raise ConnectionError(error.message) from error
    book = AddressBook.read(file_of(settings.deployments or DEPLOYMENTS, identity.chain_id))
    await adopt(sessions, network.rpcs[0], None, book, network=network.name, finality=network.settings.rule)
    return identity.chain_id
