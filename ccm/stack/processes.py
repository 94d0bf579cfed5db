"""Child processes that end with us, and what an earlier run left behind."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ccm.stack.account import Account

TETHER = Path(__file__).with_name("tether.py")
PROC = Path("/proc")
LEFTOVER_PATIENCE_SECONDS = 10
POLL_SECONDS = 0.02


@dataclass
class Child:
    """A server that we started."""

    name: str
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        """The process id; the tether that starts the server keeps it."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.returncode is None

    async def stop(self, how: signal.Signals, patience_seconds: float) -> None:
        """Asks it to end, waits, and kills it when patience is over."""
        if self.alive:
            self._signal(how)
            try:
                await asyncio.wait_for(self.process.wait(), patience_seconds)
            except TimeoutError:
                self._signal(signal.SIGKILL)
        await self.process.wait()

    def _signal(self, how: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has ended, and we are about to hear of it
            self.process.send_signal(how)


async def start(
    name: str,
    command: Sequence[str | Path],
    *,
    folder: Path,
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    output: IO[bytes],
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Starts a server in `folder`, as `account` (else as us); should we die, the kernel sends it `death_signal`."""
    uid, gid = (account.uid, account.gid) if account else (os.geteuid(), os.getegid())
    tether = [sys.executable, "-I", "-S", TETHER, os.getpid(), int(death_signal), uid, gid]
    process = await asyncio.create_subprocess_exec(
        *(str(part) for part in (*tether, *command)),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, **(environment or {})},
    )
    return Child(name, process)


def started_at(pid: int) -> int | None:
    """When the process started, in clock ticks since boot: with the pid, a name that is never used twice."""
    try:
        after_name = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start_ticks = after_name[0], after_name[19]
    return None if state in "ZX" else int(start_ticks)


def serving(executable: str, argument: Path) -> list[int]:
    """The processes of that executable which were given this path on their command line.

    Each of our servers is told a folder that no other program uses, so this finds exactly what an earlier run left
    behind, whatever became of its pid files. (The command line is readable where root may not look further.)
    """
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            if Path(os.fsdecode(arguments[0])).name == executable and os.fsencode(argument) in arguments:
                found.append(int(entry.name))
    return found


async def end_leftovers(executable: str, argument: Path, how: signal.Signals) -> int:
    """Ends the servers that an earlier run left behind; answers how many those were.

    The caller holds the lock of the data folder, so nobody alive is using them.
    """
    leftovers = serving(executable, argument)
    for pid in leftovers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
    deadline = time.monotonic() + LEFTOVER_PATIENCE_SECONDS
    while remaining := serving(executable, argument):
        if time.monotonic() > deadline:
            for pid in remaining:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(POLL_SECONDS)
    return len(leftovers)
