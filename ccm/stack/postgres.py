"""A real PostgreSQL 18 from a wheel, under our own supervision."""

import asyncio
import re
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg

from ccm.stack import processes
from ccm.stack.account import Account, server_account
from ccm.stack.errors import StackError
from ccm.stack.ports import LOOPBACK, any_free, preferred_or_free
from ccm.stack.postgres_files import PostgresFiles, place
from ccm.stack.processes import Child

USER = "ccm"
DATABASE = "ccm"
START_PATIENCE_SECONDS = 60
STOP_PATIENCE_SECONDS = 60
RETRY_FOR_SECONDS = 15
"""After a kill, the old server's helpers hold its shared memory for a moment, and its pid is not reaped at once; a busy
machine makes that long. And a port that was free may be taken before the server listens."""
RETRY_PAUSE_SECONDS = 0.1
POLL_SECONDS = 0.02

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
    "jit": "off",  # our statements are many and short
}

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests, whose data nobody will miss."""


class EmbeddedPostgres:
    """One PostgreSQL whose data lives in a folder, running while the `async with` lasts.

    The folder is the caller's alone: servers that an earlier run left in it are ended at the start.
    """

    def __init__(
        self,
        data: Path,
        *,
        preferred_port: int | None = None,
        durable: bool = True,
        say: Callable[[str], None] = print,
    ) -> None:
        self.data = data.absolute()
        self.port = preferred_port or 0
        self._durable = durable
        self._say = say
        self._account: Account = server_account()
        self._files: PostgresFiles | None = None
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The server's process."""
        if self._child is None:
            raise AssertionError("not started")
        return self._child

    @property
    def url(self) -> str:
        """The URL of the service's own database, password included."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The URL of any database of this server."""
        if self._files is None:
            raise AssertionError("not started")
        return f"postgresql://{USER}:{quote(self._files.password)}@{LOOPBACK}:{self.port}/{database}"

    async def __aenter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        self._files = files = await asyncio.to_thread(place, self.data, self._account, self._say)
        await processes.end_leftovers("postgres", files.cluster, signal.SIGINT)
        if not files.cluster.exists():
            await self._initialise(files)
        self.port = preferred_or_free(self.port)
        try:
            await self._start_patiently(files)
        except BaseException:
            await self.stop()
            raise
        await self._create_own_database()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Ends the server: open transactions are rolled back, what was committed is on disk."""
        if self._child is not None:
            await self._child.stop(signal.SIGINT, STOP_PATIENCE_SECONDS)

    async def ended(self) -> str:
        """Waits until the server ends by itself; answers so."""
        await self.child.process.wait()
        return "ended by itself"

    async def create_database(self, name: str, *, template: str | None = None) -> str:
        """Creates a database, as a copy of another where one is named; answers its URL."""
        copied = f' TEMPLATE "{template}"' if template else ""
        await self.execute(f'CREATE DATABASE "{name}"{copied}')
        return self.url_of(name)

    async def drop_database(self, name: str) -> None:
        """Drops a database, whoever is connected to it."""
        await self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def execute(self, statement: str) -> None:
        """Runs one statement in the maintenance database."""
        connection = await asyncpg.connect(self.url_of("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _initialise(self, files: PostgresFiles) -> None:
        """Makes the cluster under another name first, so that one cut short is never taken for a whole one."""
        unfinished = files.cluster.with_name("cluster.unfinished")
        await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
        password_file = files.cluster.with_name("password")
        password_file.touch(mode=0o600)
        password_file.write_text(files.password)
        self._account.own(password_file)
        command: list[str | Path] = [
            files.programs / "initdb",
            *("-D", unfinished, "--username", USER, "--pwfile", password_file, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *("--data-checksums", "--no-instructions", *(() if self._durable else ("--no-sync",))),
        ]
        try:
            with files.log.open("wb") as log:
                child = await processes.start(
                    "initdb", command, folder=files.cluster.parent, account=self._account, output=log
                )
                try:
                    exit_code = await child.process.wait()
                finally:
                    await child.stop(signal.SIGKILL, 0)
        finally:
            password_file.unlink()
        if exit_code != 0:
            raise StackError(f"PostgreSQL's initdb failed:\n{_last_words(files.log)}", exit_code=exit_code)
        unfinished.rename(files.cluster)

    async def _start_patiently(self, files: PostgresFiles) -> None:
        ends = time.monotonic() + RETRY_FOR_SECONDS
        while not await self._start(files):
            said = _last_words(files.log)
            if time.monotonic() > ends:
                raise StackError(f"PostgreSQL does not start. Its last words, from {files.log}:\n{said}")
            if "Address already in use" in said:
                self.port = any_free()
            await asyncio.sleep(RETRY_PAUSE_SECONDS)

    async def _start(self, files: PostgresFiles) -> bool:
        """Starts the server and waits until it takes connections; False when it ended instead."""
        settings = SETTINGS | ({} if self._durable else NOT_DURABLE)
        settings |= {"port": str(self.port), "unix_socket_directories": str(files.sockets)}
        command: list[str | Path] = [files.programs / "postgres", "-D", files.cluster]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with files.log.open("wb") as log:
            self._child = await processes.start(
                "postgres",
                command,
                folder=files.cluster,
                account=self._account,
                death_signal=signal.SIGINT,
                output=log,
                environment={"PGTZ": "UTC", "LC_ALL": "C"},
            )
        deadline = time.monotonic() + START_PATIENCE_SECONDS
        while self._child.alive:
            if _is_ready(files.cluster, self._child.pid):
                return True
            if time.monotonic() > deadline:
                raise StackError(
                    f"PostgreSQL took longer than {START_PATIENCE_SECONDS} s to start; its log is {files.log}."
                )
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _create_own_database(self) -> None:
        with suppress(asyncpg.DuplicateDatabaseError):
            await self.create_database(DATABASE)


def _is_ready(cluster: Path, pid: int) -> bool:
    """Whether the server of that pid says in its pid file that it takes connections."""
    with suppress(OSError):
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        # It is written line by line: pid, folder, start time, port, sockets, address, shared memory, state.
        return [lines[0], *(line.strip() for line in lines[7:])] == [str(pid), "ready"] if lines else False
    return False


def _last_words(log: Path) -> str:
    lines = re.sub(r"\n+", "\n", log.read_text(errors="replace")).splitlines()
    return "\n".join(lines[-8:])
