"""PostgreSQL's NOTIFY as a wake-up. Only ever a hint beside a poll: a lost one costs a moment, never a fact."""

import asyncio
import contextlib
import logging
from types import TracebackType
from typing import Self

import asyncpg

from ledger.db.session import async_url

RECONNECT_SECONDS = 1.0

log = logging.getLogger(__name__)


class Listener:
    """One connection that listens on one channel, as long as the context lasts."""

    def __init__(self, database_url: str, channel: str) -> None:
        self._url = async_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._channel = channel
        self._upcoming = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen(), name=f"listen {self._channel}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def upcoming(self) -> asyncio.Event:
        """The event of the next notification. Take it before looking, wait for it afterwards: none is missed."""
        return self._upcoming

    async def _listen(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._url)
                ended = asyncio.Event()
                connection.add_termination_listener(lambda _, ended=ended: ended.set())
                try:
                    await connection.add_listener(self._channel, self._notified)
                    await ended.wait()
                finally:
                    await connection.close()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.debug("listening on %s was interrupted: %s", self._channel, error)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _notified(self, *_: object) -> None:
        self._upcoming.set()
        self._upcoming = asyncio.Event()


async def within(event: asyncio.Event, seconds: float) -> None:
    """Waits for the event, at most so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
