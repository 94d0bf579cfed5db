"""A whole `ccm up` in a process tree of its own, which a test may end in any way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.support.client import Client

START_SECONDS = 90
REORG_DEPTH = 3


class Server:
    """One data folder, and the process tree that serves from it now."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.base = ""
        self._process: subprocess.Popen[str] | None = None
        self._clients: list[Client] = []
        self._errors = data.parent / f"{data.name}.err"

    @property
    def accounts(self) -> dict[str, Any]:
        """What the first start wrote."""
        read: dict[str, Any] = json.loads((self.data / "dev-accounts.json").read_text())
        return read

    def client(self, role: str = "") -> Client:
        """A client that acts as this account, or as nobody."""
        made = Client(self.base, self.accounts[role]["apiKey"] if role else "")
        self._clients.append(made)
        return made

    def start(self, fault: str = "") -> None:
        """Starts, and waits until it serves. With a fault it may die before that."""
        command = [sys.executable, "-m", "ccm", "up", "--data", str(self.data), "--port", "0"]
        environment = {**os.environ, "CCM_FAULT": fault, "PYTHONUNBUFFERED": "1"}
        with self._errors.open("a") as errors:
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
            )
        assert self._process.stdout is not None
        ends = time.monotonic() + START_SECONDS
        for line in self._process.stdout:
            if line.startswith("ready "):
                self.base = line.split()[1]
                return
            assert time.monotonic() < ends, "not ready in time"
        self._end()
        assert fault, f"ended before it was ready: {self.errors[-2000:]}"

    @property
    def errors(self) -> str:
        """Everything it wrote to its error stream, over all starts."""
        return self._errors.read_text()

    def rpc(self, method: str, *parameters: Any) -> Any:
        """A call of the chain's node itself, past everything of ours."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = httpx.post(self.accounts["rpc"], json=body, timeout=30).json()
        assert "result" in answer, answer
        return answer["result"]

    @contextmanager
    def reorganised(self) -> Iterator[None]:
        """Whatever the chain did inside, at least three blocks of it, is forgotten at the end."""
        snapshot, before = self.rpc("evm_snapshot"), int(self.rpc("eth_blockNumber"), 16)
        yield
        assert int(self.rpc("eth_blockNumber"), 16) - before >= REORG_DEPTH, (
            "fewer blocks than the reorg shall take back"
        )
        assert self.rpc("evm_revert", snapshot)

    def died(self, seconds: float) -> bool:
        """Whether it ended by itself within that time."""
        assert self._process is not None
        try:
            self._end(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill -9 of the whole tree."""
        assert self._process is not None
        for pid in tree(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._end()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._end(60)

    def _end(self, seconds: float | None = None) -> int:
        """Waits for the process, and lets go of what led to it; its exit code."""
        assert self._process is not None
        code = self._process.wait(seconds)
        if self._process.stdout is not None:
            self._process.stdout.close()
        while self._clients:
            self._clients.pop().close()
        return code

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `ccm` command on the same data folder."""
        command = [sys.executable, "-m", "ccm", *arguments, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603  # our own command


def tree(pid: int) -> list[int]:
    """The process and all that descend from it, parents first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found
