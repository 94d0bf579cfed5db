"""What the indexer is measured with: a chain, a PostgreSQL with a fresh database for every run, and the processes."""

import asyncio
import itertools
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from benchmarks.evm.world import World
from benchmarks.indexing.measured import Used
from ccm.stack.postgres import EmbeddedPostgres
from ledger.chain.adopt import keep_contracts
from ledger.chain.identity import identify, register_chain
from ledger.chain.rpc import to_hex
from ledger.db import migrate
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.finality import AT_ONCE

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "registered"
"""A database that knows the chain and its contracts, and has mirrored nothing."""
FIRST_BLOCK = 1


@dataclass(frozen=True, slots=True)
class Run:
    """One piece of work, by whichever process did it."""

    used: Used
    postgres_cpu_seconds: float


class WorkSkipped(Exception):
    """What was measured did not do all that it was to do, so that its figures say nothing."""


@dataclass
class Rig:
    """The world to index, and where to."""

    world: World
    postgres: EmbeddedPostgres
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def rpc_url(self) -> str:
        """Where the chain answers."""
        return self.world.chain.rpc.url

    @property
    def addresses(self) -> list[str]:
        """Where our contracts stand."""
        return [to_hex(address) for address in self.world.contracts.named().values()]

    async def fresh_database(self) -> str:
        """The URL of a database that has everything to mirror."""
        return await self.postgres.create_database(f"run_{next(self._numbers)}", template=TEMPLATE)

    async def index(self, database_url: str, rpc_url: str | None = None) -> Run:
        """The real indexer, until it shows the head, of this chain or another one."""
        async with self.following(database_url, rpc_url) as (used, _):
            return used

    @asynccontextmanager
    async def following(self, database_url: str, rpc_url: str | None = None) -> AsyncIterator[tuple[Run, float]]:
        """The real indexer, at the head and following on; with the seconds from its process's start to there."""
        loop = asyncio.get_running_loop()
        began, before = loop.time(), self._postgres_cpu_seconds()
        process = await _start("benchmarks.indexing.follower", database_url, rpc_url or self.rpc_url)
        try:
            used = await _told(process)
            yield Run(used, self._postgres_cpu_seconds() - before), loop.time() - began
            process.send_signal(signal.SIGTERM)
            if await process.wait() != 0:
                raise WorkSkipped(f"the indexer ended with {process.returncode}")
        finally:
            await _end(process)

    async def restart(self, database_url: str) -> float:
        """The seconds from a new process's start until it shows the head of what an earlier one mirrored."""
        async with self.following(database_url) as (_, seconds):
            return seconds

    async def copy_bare(self, database_url: str) -> Run:
        """The bare script, until it has copied everything."""
        return await self._bare(database_url)

    async def fetch(self) -> Run:
        """Nothing but eth_getLogs."""
        return await self._bare()

    async def _bare(self, *database_url: str) -> Run:
        before = self._postgres_cpu_seconds()
        named = ",".join(f"{name}={to_hex(address)}" for name, address in self.world.contracts.named().items())
        process = await _start("benchmarks.indexing.bare", self.rpc_url, named, *database_url)
        try:
            return Run(await _told(process), self._postgres_cpu_seconds() - before)
        finally:
            await _end(process)

    def _postgres_cpu_seconds(self) -> float:
        """All that the server and its helpers used so far, those too that have ended."""
        server = psutil.Process(self.postgres.child.pid)
        own = server.cpu_times()
        living = [own, *(helper.cpu_times() for helper in server.children())]
        return float(sum(each.user + each.system for each in living) + own.children_user + own.children_system)


@asynccontextmanager
async def running_rig(world: World) -> AsyncIterator[Rig]:
    """A durable PostgreSQL beside the world."""
    with _folder() as folder:
        async with EmbeddedPostgres(folder) as postgres:
            await _register(world, await postgres.create_database(TEMPLATE))
            yield Rig(world, postgres)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that other users may enter: as root, PostgreSQL runs as another one."""
    with tempfile.TemporaryDirectory(prefix="ccm-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


async def _register(world: World, database_url: str) -> None:
    await migrate.upgrade(database_url)
    engine = create_engine(database_url)
    async with create_sessions(engine).begin() as session:
        identity = await identify(world.chain.rpc)
        chain = await register_chain(session, identity, network="local", finality=AT_ONCE, first_block=FIRST_BLOCK)
        await session.flush()
        blocks = dict.fromkeys(world.contracts.named(), FIRST_BLOCK)
        await keep_contracts(session, chain.chain_id, world.contracts, blocks)
    await engine.dispose()


async def _start(module: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, env=os.environ
    )


async def _told(process: asyncio.subprocess.Process) -> Used:
    """What the process tells of itself once it is done."""
    if process.stdout is None:
        raise AssertionError("started with a pipe")
    line = await process.stdout.readline()
    if not line:
        raise WorkSkipped(f"a measured process ended with {await process.wait()} before it was done")
    return msgspec.json.decode(line, type=Used)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
