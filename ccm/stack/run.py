"""Starts the parts that are not replaced by a URL, runs the roles on them, and stops all of it in reverse order."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from ccm.stack.anvil import EmbeddedAnvil
from ccm.stack.errors import StackError
from ccm.stack.ports import LOOPBACK, Say, to_serve_on
from ccm.stack.postgres import EmbeddedPostgres
from ccm.stack.processes import started_at
from ccm.stack.runfile import Part, RunFile, exclusive
from ledger.kernel.settings import Settings

ROLES_PATIENCE_SECONDS = 30
PART_PATIENCE_SECONDS = 2


class Roles(Protocol):
    """What runs on the stack.

    Calls `ready` once it serves on `settings.port`, and returns soon after `stop` is set. It may be cancelled before
    it is ready, and when it takes longer than ROLES_PATIENCE_SECONDS to stop.
    """

    async def __call__(self, settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Runs."""


async def run(settings: Settings, roles: Roles, say: Say = print) -> None:
    """Runs stack and roles until SIGINT or SIGTERM.

    Raises:
        AlreadyRunning: another run holds the data folder.
        PortTaken: the port that was asked for is not free.
        StackError: a part did not start, or ended by itself; the rest was stopped in order.
    """
    stop, started = asyncio.Event(), asyncio.Event()
    us, loop = asyncio.current_task(), asyncio.get_running_loop()
    if us is None:
        raise AssertionError("a coroutine runs in a task")

    def on_signal() -> None:
        # A second signal changes nothing: the stop is under way.
        if not stop.is_set() and not started.is_set():
            us.cancel()
        stop.set()

    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, on_signal)
    try:
        with exclusive(settings.data.absolute()):
            async with stack(settings, say) as running:
                started.set()
                await running.serve(roles, stop, say)
    except asyncio.CancelledError:
        if not stop.is_set():
            raise


@asynccontextmanager
async def stack(settings: Settings, say: Say) -> AsyncIterator["Stack"]:
    """The parts that the settings do not replace, on the ports they had before where those are free."""
    data = settings.data.absolute()
    port = to_serve_on(settings.port, say, asked_for="port" in settings.model_fields_set)
    before = RunFile.read(data)
    async with AsyncExitStack() as parts:
        postgres = chain = None
        urls: dict[str, object] = {}
        if settings.database_url is None:
            say("starting PostgreSQL")
            preferred = before.postgres.port if before and before.postgres else None
            postgres = await parts.enter_async_context(EmbeddedPostgres(data, preferred_port=preferred, say=say))
            urls["database_url"] = SecretStr(postgres.url)
        if not settings.has_home:
            say("starting the development chain")
            preferred = before.chain.port if before and before.chain else None
            chain = await parts.enter_async_context(EmbeddedAnvil(data, preferred_port=preferred, say=say))
            urls["blockchain_rpc"] = f"{chain.url} {chain.heads_url}"
        complete = settings.model_copy(update={"data": data, "port": port, **urls})
        yield Stack(complete, postgres, chain)


@dataclass(frozen=True)
class Stack:
    """The parts that run, and the settings that lead to them."""

    settings: Settings
    postgres: EmbeddedPostgres | None
    chain: EmbeddedAnvil | None

    async def serve(self, roles: Roles, stop: asyncio.Event, say: Say) -> None:
        """Runs the roles until `stop` is set, they end, or a part does."""
        ready = asyncio.Event()

        def on_ready() -> None:
            ready.set()
            self._write_run_file(url=self._url)
            say(f"ready {self._url}")

        self._write_run_file(url=None)
        say("starting the service")
        working = asyncio.create_task(roles(self.settings, stop, on_ready), name="roles")
        ended = asyncio.create_task(self._ended(), name="a part ended")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({working, ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            if not ready.is_set():
                working.cancel()
            await asyncio.wait({working}, timeout=ROLES_PATIENCE_SECONDS)
        finally:
            for task in (working, stopping):
                task.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)
        if not working.cancelled() and working.exception():
            # Roles that fail are often the first sign of a part that ends.
            await asyncio.wait({ended}, timeout=PART_PATIENCE_SECONDS)
        if ended.done():
            raise StackError(f"{ended.result()}. The data is kept in {self.settings.data}.")
        ended.cancel()
        if not working.cancelled():
            working.result()

    async def _ended(self) -> str:
        """Waits until a part ends by itself; answers what happened to which."""
        waits = {}
        if self.postgres:
            waits[asyncio.create_task(self.postgres.ended())] = "PostgreSQL"
        if self.chain:
            waits[asyncio.create_task(self.chain.ended())] = "The development chain"
        if not waits:
            await asyncio.Event().wait()
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        first = done.pop()
        return f"{waits[first]} {first.result()}"

    @property
    def _url(self) -> str:
        return f"http://{LOOPBACK}:{self.settings.port}"

    def _write_run_file(self, url: str | None) -> None:
        started = started_at(os.getpid())
        if started is None:
            raise AssertionError("we are alive")
        RunFile(
            pid=os.getpid(),
            started_ticks=started,
            network=self.settings.network,
            rpc=self.settings.nodes.calls[0],
            url=url,
            postgres=Part(self.postgres.port, self.postgres.child.pid) if self.postgres else None,
            chain=Part(self.chain.port, self.chain.child.pid) if self.chain else None,
        ).write(self.settings.data)
