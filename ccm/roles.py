"""Wires the roles that run together in one `ccm up`: indexers, relayer and API over one database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from api.app import create_app
from api.metrics import Metrics
from api.services import Services
from ccm import http
from ccm.networks import fleet_of, opened
from ccm.progress import catching_up
from ccm.provision import provision
from ccm.together import run_together
from ccm.verifying import verify_regularly
from indexer.fleet import Fleet
from indexer.metrics import IndexerMetrics, Monitor
from ledger.chain import IntentWatch, Network, Relayer, Rpc
from ledger.db import migrate
from ledger.db.session import Sessions, create_engine, create_sessions
from ledger.kernel.settings import Settings

CATCH_UP_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the roles share."""

    settings: Settings
    sessions: Sessions
    rpc: Rpc
    network: Network
    """The home network."""
    watch: IntentWatch
    database_url: str
    registry: CollectorRegistry
    """Where all roles show their figures."""
    metrics: IndexerMetrics
    fleet: Fleet
    """The role that mirrors the chains of all networks."""
    monitors: Mapping[str, Monitor]

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
            following=[monitor.following for monitor in self.monitors.values()],
        )


async def run_roles(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Migrates and provisions, then runs all roles until `stop` is set.

    `ready` is called once the API answers and the mirror has caught up with the chain. Where a role fails, the others
    are stopped and its error is raised.
    """
    async with wired(settings) as wiring:
        await run_together(
            stop,
            wiring.fleet.run(stop),
            wiring.relayer().run(stop),
            verify_regularly(settings, wiring.metrics, stop),
            _serve(wiring, stop, ready),
        )


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
        async with opened(settings) as networks, IntentWatch(database_url) as watch:
            rpc = networks[settings.network].rpcs[0]
            provisioned = await provision(settings, sessions, rpc)
            registry = CollectorRegistry()
            metrics = IndexerMetrics(registry)
            fleet, monitors = fleet_of(settings, sessions, networks, metrics)
            yield Wiring(
                settings,
                sessions,
                rpc,
                provisioned.network,
                watch,
                database_url,
                registry,
                metrics,
                fleet,
                monitors,
            )
    finally:
        await engine.dispose()


async def _serve(wiring: Wiring, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serves the API, from when the mirror has caught up."""
    await _caught_up(wiring, stop)
    await http.serve(create_app(wiring.services()), wiring.settings.port, stop, ready)


async def _caught_up(wiring: Wiring, stop: asyncio.Event) -> None:
    """Waits until the home network's mirror is at the head, the roles are to stop, or it is followed no longer."""
    fleet, home = wiring.fleet, wiring.network.name
    with catching_up([monitor.following for monitor in wiring.monitors.values()]) as tell:
        while not stop.is_set() and not fleet.has_stopped(home):
            if fleet.is_at_head(home):
                return
            tell()
            await asyncio.sleep(CATCH_UP_POLL_SECONDS)
