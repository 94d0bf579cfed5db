"""Who uses a data folder: a lock that dies with its holder, and a file that says what runs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from ccm.stack import processes
from ccm.stack.errors import AlreadyRunning


class Part(msgspec.Struct, frozen=True):
    """A server of the embedded stack."""

    port: int
    pid: int


class RunFile(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What `ccm up` tells other commands, in `<data>/ccm.json`.

    It stays when the run ends: the next run prefers its ports. A run is alive while its pid belongs to a process that
    started at that time.
    """

    pid: int
    started_ticks: int
    """When the process started, in clock ticks since boot: a pid alone is used again."""
    network: str
    rpc: str
    """URL of the chain's node."""
    url: str | None = None
    """URL of the API, once it answers."""
    postgres: Part | None = None
    """None where DATABASE_URL names a server that is not ours."""
    chain: Part | None = None
    """None where BLOCKCHAIN_RPC names a node that is not ours."""

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """What the last run in this folder wrote, alive or not."""
        try:
            return msgspec.json.decode((data / "ccm.json").read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    @classmethod
    def read_alive(cls, data: Path) -> Self | None:
        """What the run that is alive now wrote."""
        found = cls.read(data)
        return found if found and found.alive else None

    @property
    def alive(self) -> bool:
        """Whether that run still goes on."""
        return processes.started_at(self.pid) == self.started_ticks

    def write(self, data: Path) -> None:
        """Replaces the file; a reader sees the old one or the new one."""
        unfinished = data / "ccm.json.unfinished"
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        unfinished.chmod(0o600)
        unfinished.rename(data / "ccm.json")


@contextmanager
def exclusive(data: Path) -> Iterator[None]:
    """Makes the data folder and holds it; the kernel lets go of it when we end, however that happens."""
    if not data.exists():
        data.mkdir(parents=True)
        if os.geteuid() == 0:
            data.chmod(0o711)  # PostgreSQL runs as another user, and its files lie in there
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = holder(data)
            who = f"process {pid}" if pid else "another process"
            raise AlreadyRunning(
                f"{who} runs with the data in {data} already. Stop it with `ccm down --data {data}`, "
                "or choose another --data.",
                data=str(data),
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {processes.started_at(os.getpid())}")
        lock.flush()
        yield


def holder(data: Path) -> int | None:
    """The pid of the process that holds the data folder, from its first moment on; None when nobody does."""
    try:
        pid, started_ticks = (int(word) for word in (data / "lock").read_text().split())
    except (FileNotFoundError, ValueError):
        return None
    return pid if processes.started_at(pid) == started_ticks else None
