"""A real EVM node for development: anvil, mined and saved by us."""

import asyncio
import platform
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from ccm.stack import processes
from ccm.stack.chain_state import StateFiles, set_aside, unpacked
from ccm.stack.errors import NoUsableState, StackError
from ccm.stack.ports import LOOPBACK, is_free
from ccm.stack.processes import Child
from ccm.stack.rpc import Rpc

CHAIN_ID = 31337
START_PATIENCE_SECONDS = 60
STOP_PATIENCE_SECONDS = 5
EXIT_PATIENCE_SECONDS = 1
POLL_SECONDS = 0.01
LISTENING = re.compile(rf"^Listening on {re.escape(LOOPBACK)}:(\d+)$", re.MULTILINE)

STATES_IN_MEMORY = 300
"""How many blocks back calls can look: more than the finality depth."""

SAVE_EVERY_SECONDS = 1
SAVE_AT_MOST_A_SHARE = 4
SAVE_AT_LEAST_EVERY_SECONDS = 20
"""A save takes longer as the chain grows (about 33 ms a thousand transactions, beside mining, not in its way).

So that it stays a small part of the work, the pause after it is at least 4 times what it took; so that the blocks
which a crash can undo stay fewer than the finality depth (5 blocks a second, 256 blocks), it is at most 20 seconds.
"""


class TxpoolStatus(msgspec.Struct):
    """How many transactions wait, in hex; those that lack an earlier nonce are `queued` and cannot be mined."""

    pending: str
    queued: str


class BlockHash(msgspec.Struct):
    """Of a block, only its hash."""

    hash: str


class EmbeddedAnvil:
    """One anvil whose chain lives in a folder, running while the `async with` lasts.

    A block is mined every `block_seconds` while a transaction is pending, with the wall clock as its time (so blocks
    of the same second have the same time). With `saved`, the chain is kept in the folder and loaded from there.
    The folder is the caller's alone: a node that an earlier run left in it is ended at the start.
    """

    def __init__(
        self,
        data: Path,
        *,
        preferred_port: int | None = None,
        chain_id: int = CHAIN_ID,
        block_seconds: float = 0.2,
        saved: bool = True,
        say: Callable[[str], None] = print,
    ) -> None:
        self.data = data.absolute()
        self.port = preferred_port or 0
        self._chain_id = chain_id
        self._block_seconds = block_seconds
        self._say = say
        self._folder = self.data / "chain"
        self._log = self._folder / "anvil.log"
        self._states = StateFiles(self._folder) if saved else None
        self._saved_block: str | None = None
        self._child: Child | None = None
        self._rpc: Rpc | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def child(self) -> Child:
        """The node's process."""
        if self._child is None:
            raise AssertionError("not started")
        return self._child

    @property
    def url(self) -> str:
        """Where the node answers."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def heads_url(self) -> str:
        """Where the node tells of new blocks."""
        return f"ws://{LOOPBACK}:{self.port}"

    @property
    def rpc(self) -> Rpc:
        """Calls to the node."""
        if self._rpc is None:
            raise AssertionError("not started")
        return self._rpc

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        await processes.end_leftovers("anvil", self._cache, signal.SIGKILL)
        try:
            await self._start()
            self._rpc = Rpc(self.url)
            # Its log names every call; the banner and errors are enough.
            await self.rpc.call("anvil_setLoggingEnabled", False)
            # At once, so that not even a crash in the first second changes the genesis block.
            await self._save_new_blocks()
        except BaseException:
            await self._end()
            raise
        self._tasks = [asyncio.create_task(self._mine(), name="mine it")]
        if self._states:
            self._tasks.append(asyncio.create_task(self._keep_saving(), name="save it"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Mines no more, saves once more, and ends the node."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            if self._child is not None and self._child.alive:
                with suppress(aiohttp.ClientError):  # it died meanwhile; the last state that was saved stands
                    await self._save_new_blocks()
        finally:
            await self._end()

    async def ended(self) -> str:
        """Waits until the node ends by itself, or can no longer be mined or saved; answers which."""
        exited = asyncio.create_task(self.child.process.wait(), name="anvil exited")
        done, _ = await asyncio.wait([*self._tasks, exited], return_when=asyncio.FIRST_COMPLETED)
        # A call that fails is often the first sign of a node that ends.
        await asyncio.wait({exited}, timeout=EXIT_PATIENCE_SECONDS)
        if exited.done():
            return "ended by itself"
        exited.cancel()
        failed = done.pop()
        return f"runs, but to {failed.get_name()} it failed: {failed.exception()!r}"

    @property
    def _cache(self) -> Path:
        return self._folder / "cache"

    async def _start(self) -> None:
        saved = self._states.generations() if self._states else []
        if not saved:
            if await self._launch([]):
                return
            raise StackError(f"anvil does not start. Its last words, from {self._log}:\n{self._last_words()}")
        for tried, generation in enumerate(saved):
            with unpacked(generation) as state:
                if state and await self._launch(["--load-state", str(state)]):
                    for damaged in saved[:tried]:
                        kept = set_aside(damaged)
                        self._say(f"The newest saved state of the chain is damaged (kept as {kept}); loaded the older.")
                    return
        raise NoUsableState(
            f"No saved state of the chain in {self._folder} can be loaded. Bring the files back from a copy, "
            "or start anew with another --data."
        )

    async def _launch(self, more: list[str]) -> bool:
        """Starts the node and waits until it listens; False when it ended instead."""
        port = self.port if self.port and is_free(self.port) else 0  # 0: any free one
        command: list[str | Path] = [
            *(binary(), "--host", LOOPBACK, "--port", str(port), "--chain-id", str(self._chain_id)),
            *("--no-mining", "--prune-history", str(STATES_IN_MEMORY), "--cache-path", self._cache),
            *more,
        ]
        with self._log.open("wb") as log:
            self._child = await processes.start("anvil", command, folder=self._folder, output=log)
        deadline = time.monotonic() + START_PATIENCE_SECONDS
        while self._child.alive:
            if listening := LISTENING.search(self._log.read_text(errors="replace")):
                self.port = int(listening[1])
                return True
            if time.monotonic() > deadline:
                raise StackError(f"anvil took longer than {START_PATIENCE_SECONDS} s to start; its log is {self._log}.")
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _end(self) -> None:
        if self._rpc is not None:
            await self._rpc.close()
        if self._child is not None:
            await self._child.stop(signal.SIGTERM, STOP_PATIENCE_SECONDS)

    async def _mine(self) -> None:
        """Mines whatever is pending, at a steady beat that a slow block does not shift."""
        loop = asyncio.get_running_loop()
        beat = loop.time()
        while True:
            beat = max(beat + self._block_seconds, loop.time())
            await asyncio.sleep(beat - loop.time())
            status = msgspec.json.decode(await self.rpc.raw("txpool_status"), type=TxpoolStatus)
            if int(status.pending, 16):
                await self.rpc.call("evm_mine")

    async def _keep_saving(self) -> None:
        while True:
            started = time.monotonic()
            await self._save_new_blocks()
            took = time.monotonic() - started
            pause = max(SAVE_EVERY_SECONDS, took * SAVE_AT_MOST_A_SHARE)
            await asyncio.sleep(min(pause, SAVE_AT_LEAST_EVERY_SECONDS))

    async def _save_new_blocks(self) -> None:
        """Saves the state, if the newest block is another than the last time."""
        if self._states is None:
            return
        newest = msgspec.json.decode(await self.rpc.raw("eth_getBlockByNumber", "latest", False), type=BlockHash).hash
        if newest != self._saved_block:
            dump = await self.rpc.raw("anvil_dumpState")
            await asyncio.to_thread(self._states.save, dump)
            self._saved_block = newest

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-8:])


def binary() -> Path:
    """The node of the npm package (the binary itself, not its wrapper for Node), else one on PATH."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"@foundry-rs/anvil-{sys.platform}-{machine}"
    packaged = Path(__file__).parents[2] / "node_modules" / package / "bin" / "anvil"
    if packaged.exists():
        return packaged
    if found := shutil.which("anvil"):
        return Path(found)
    raise StackError("anvil is not installed. Run `make setup`, or set BLOCKCHAIN_RPC to a node that runs already.")
