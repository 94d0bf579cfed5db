"""Wires the roles that run together in one `ccm up`."""

import asyncio
from collections.abc import Callable

from ledger.db import migrate
from ledger.kernel.settings import Settings


async def run_roles(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Migrates the database, calls `ready`, and returns once `stop` is set."""
    if settings.database_url is None:
        raise AssertionError("a database is embedded or given")
    await migrate.upgrade(settings.database_url.get_secret_value())
    ready()
    await stop.wait()
