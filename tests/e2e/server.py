"""A whole `ccm up` in a process tree of its own, which a test may end in any way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
        self._errors = data.parent / f"{data.name}.err"

    @property
    def accounts(self) -> dict[str, Any]:
        """What the first start wrote."""
        read: dict[str, Any] = json.loads((self.data / "dev-accounts.json").read_text())
        return read

    def client(self, role: str = "") -> Client:
        """A client that acts as this account, or as nobody."""
        return Client(self.base, self.accounts[role]["apiKey"] if role else "")

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
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill -9 of the whole tree."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `ccm` command on the same data folder."""
        command = [sys.executable, "-m", "ccm", *arguments, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603  # our own command
