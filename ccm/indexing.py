"""The indexer as a role of its own: it mirrors every network into a database that others serve from."""

import asyncio
import signal

from prometheus_client import CollectorRegistry

from api.health import create_health_app
from api.metrics import Figures
from api.vitals import Vitals
from ccm import http
from ccm.networks import fleet_of, opened
from ccm.stack.ports import LOOPBACK, Say, to_serve_on
from ccm.together import run_together
from ccm.verifying import verify_regularly
from indexer.metrics import IndexerMetrics
from ledger.db import migrate
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.settings import Settings

CONNECTIONS_PER_NETWORK = 4
CONNECTIONS_FOR_VITALS = 2


async def index(settings: Settings, say: Say) -> None:
    """Mirrors and verifies every network until SIGINT or SIGTERM, and tells of itself over HTTP meanwhile.

    Raises:
        PortTaken: the port that was asked for is not free.
        CcmError: none is followed any longer.
    """
    if settings.database_url is None:
        raise AssertionError("the database was asked for")
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stop.set)
    port = to_serve_on(settings.indexer_port, say, asked_for="indexer_port" in settings.model_fields_set)
    database_url = settings.database_url.get_secret_value()
    await migrate.upgrade(database_url)
    pool_size = CONNECTIONS_FOR_VITALS + CONNECTIONS_PER_NETWORK * len(settings.followed)
    engine = create_engine(database_url, pool_size=pool_size)
    try:
        async with opened(settings) as networks:
            sessions, registry = create_sessions(engine), CollectorRegistry()
            figures = IndexerMetrics(registry)
            fleet, monitors = fleet_of(settings, sessions, networks, figures)
            following = [monitor.following for monitor in monitors.values()]
            vitals = Vitals(settings, sessions, following, Figures(registry))
            await run_together(
                stop,
                fleet.run(stop),
                verify_regularly(settings, figures, stop),
                http.serve(create_health_app(vitals), port, stop, lambda: say(f"serving http://{LOOPBACK}:{port}")),
            )
    finally:
        await engine.dispose()
