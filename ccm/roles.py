"""Wires the roles that run together in one `ccm up`: indexer, relayer and API over one database and one chain."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

import ledger.chain.mirror
import ledger.credits.mirror
import ledger.market.mirror
from api.app import create_app
from api.metrics import Metrics
from api.services import Services
from ccm import http
from ccm.progress import catching_up
from ccm.provision import provision
from ccm.verifying import verify_regularly
from indexer import Endpoints, Indexer, Mirror
from indexer.metrics import IndexerMetrics, Monitor
from ledger.chain import IntentWatch, Network, Relayer, Rpc
from ledger.chain.following import Following
from ledger.db import migrate
from ledger.db.session import Sessions, create_engine, create_sessions
from ledger.kernel.settings import Settings

MIRRORS: tuple[Mirror, ...] = (ledger.chain.mirror, ledger.credits.mirror, ledger.market.mirror)
"""In the order of the layers: what a higher one reads, a lower one has written."""

CATCH_UP_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the roles share."""

    settings: Settings
    sessions: Sessions
    rpc: Rpc
    endpoints: Endpoints
    network: Network
    watch: IntentWatch
    database_url: str
    registry: CollectorRegistry
    """Where all roles show their figures."""
    metrics: IndexerMetrics
    monitor: Monitor

    def indexer(self) -> Indexer:
        """The role that mirrors the chain."""
        return Indexer(
            self.sessions,
            self.endpoints,
            self.network.chain_id,
            mirrors=MIRRORS,
            window=self.settings.finality_depth,
            monitor=self.monitor,
        )

    def relayer(self) -> Relayer:
        """The role that submits what people and companies have signed."""
        return Relayer(self.sessions, self.rpc, self.network, self.database_url)

    def services(self) -> Services:
        """What the API works with."""
        return Services(
            settings=self.settings,
            sessions=self.sessions,
            network=self.network,
            watch=self.watch,
            metrics=Metrics(self.registry),
            following=(self.monitor.following,),
        )


async def run_roles(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Migrates and provisions, then runs all roles until `stop` is set.

    `ready` is called once the API answers and the mirror has caught up with the chain. Where a role fails, the others
    are stopped and its error is raised.
    """
    async with wired(settings) as wiring, asyncio.TaskGroup() as roles:
        try:
            indexer = wiring.indexer()
            mirroring = roles.create_task(_stopping_all(indexer.run(stop), stop), name="indexer")
            roles.create_task(_stopping_all(wiring.relayer().run(stop), stop), name="relayer")
            verifying = verify_regularly(settings, wiring.network.name, wiring.metrics, stop)
            roles.create_task(_stopping_all(verifying, stop), name="verification")
            await _caught_up(indexer, mirroring, wiring.monitor.following, stop)
            await http.serve(create_app(wiring.services()), settings.port, stop, ready)
        finally:
            stop.set()


@asynccontextmanager
async def wired(settings: Settings) -> AsyncIterator[Wiring]:
    """A migrated and provisioned database, and the connections to it and to the chain."""
    if settings.database_url is None:
        raise AssertionError("the database is embedded or given")
    database_url = settings.database_url.get_secret_value()
    await migrate.upgrade(database_url)
    engine = create_engine(database_url, pool_size=20)
    try:
        sessions = create_sessions(engine)
        async with AsyncExitStack() as opened:
            rpcs = [await opened.enter_async_context(Rpc(url)) for url in settings.nodes.calls]
            endpoints = Endpoints(rpcs, settings.nodes.heads)
            watch = await opened.enter_async_context(IntentWatch(database_url))
            provisioned = await provision(settings, sessions, rpcs[0])
            network, registry = provisioned.network, CollectorRegistry()
            metrics = IndexerMetrics(registry)
            yield Wiring(
                settings,
                sessions,
                rpcs[0],
                endpoints,
                network,
                watch,
                database_url,
                registry,
                metrics,
                Monitor(network.name, metrics),
            )
    finally:
        await engine.dispose()


async def _stopping_all(role: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Runs a role; when it ends, for whatever reason, the others are to end too."""
    try:
        await role
    finally:
        stop.set()


async def _caught_up(
    indexer: Indexer, mirroring: asyncio.Task[None], following: Following, stop: asyncio.Event
) -> None:
    """Waits until the mirror has reached the chain's head, the roles are to stop, or the indexer follows no longer."""
    with catching_up([following]) as tell:
        while not stop.is_set() and not mirroring.done() and following.stopped is None:
            if indexer.at_head:
                return
            tell()
            await asyncio.sleep(CATCH_UP_POLL_SECONDS)
