"""Runs the roles of one process side by side."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_together(stop: asyncio.Event, *roles: Coroutine[Any, Any, None]) -> None:
    """Runs the roles until all have ended. When one ends, for whatever reason, `stop` tells the others to.

    Raises the first error of a role, in the order in which they are given.
    """
    ended = await asyncio.gather(*(_stopping_all(role, stop) for role in roles), return_exceptions=True)
    for error in ended:
        if error is not None:
            raise error


async def _stopping_all(role: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    try:
        await role
    finally:
        stop.set()
