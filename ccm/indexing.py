"""The indexer as a role of its own: it mirrors every network into a database that others serve from."""

import asyncio
import signal

from prometheus_client import CollectorRegistry

from ccm.networks import fleet_of, opened
from indexer.metrics import IndexerMetrics
from ledger.db import migrate
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.settings import Settings

CONNECTIONS_PER_NETWORK = 4


async def index(settings: Settings) -> None:
    """Mirrors every network until SIGINT or SIGTERM.

    Raises:
        CcmError: none is followed any longer.
    """
    if settings.database_url is None:
        raise AssertionError("the database was asked for")
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stop.set)
    database_url = settings.database_url.get_secret_value()
    await migrate.upgrade(database_url)
    engine = create_engine(database_url, pool_size=CONNECTIONS_PER_NETWORK * len(settings.followed))
    try:
        async with opened(settings) as networks:
            fleet, _ = fleet_of(settings, create_sessions(engine), networks, IndexerMetrics(CollectorRegistry()))
            await fleet.run(stop)
    finally:
        await engine.dispose()
