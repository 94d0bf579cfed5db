"""What verbs that serve have in common."""

import asyncio
from collections.abc import Callable

import click
import uvloop

from ccm.logs import logging_to
from ccm.stack.errors import PortTaken
from ccm.stack.run import Roles, run
from ledger.kernel.garbage import collect_seldom
from ledger.kernel.settings import Settings


def serve(settings: Settings, roles: Roles) -> None:
    """Runs stack and roles until SIGINT or SIGTERM, and keeps a log in the data folder meanwhile.

    Raises:
        UsageError: the port that was asked for is not free.
    """

    async def logged(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        with logging_to(settings.data):
            await roles(settings, stop, ready)

    collect_seldom()
    try:
        uvloop.run(run(settings, logged, click.echo))
    except PortTaken as error:
        raise click.UsageError(error.message) from None
