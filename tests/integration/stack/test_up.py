import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from ccm.stack.chain_state import StateFiles
from ccm.stack.processes import serving
from ccm.stack.rpc import Rpc
from ccm.stack.runfile import RunFile, holder

PROGRAM = Path(__file__).with_name("stack_only.py")
ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 60

TOPIC = "11" * 32
EMITTER = f"0x6027600c60003960276000f37f{TOPIC}60006000a100"
"""Init code of a contract that logs one topic at each call."""


class Run:
    """A stack in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, data: Path) -> None:
        self.process = process
        self.data = data
        self.said: list[str] = []

    async def until(self, word: str) -> str:
        assert self.process.stdout
        while line := (await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_SECONDS)).decode().strip():
            self.said.append(line)
            if word in line:
                return line
        raise AssertionError(f"ended before it said {word!r}: {self.said}")

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)

    @property
    def file(self) -> RunFile:
        found = RunFile.read_alive(self.data)
        assert found
        return found

    @property
    def database_url(self) -> str:
        assert self.file.postgres
        password = (self.data / "postgres.password").read_text()
        return f"postgresql://ccm:{password}@127.0.0.1:{self.file.postgres.port}/ccm"


@asynccontextmanager
async def up(data: Path, *port: str) -> AsyncIterator[Run]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(data), *port, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}
    )
    try:
        yield Run(process, data)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def servers(data: Path) -> list[int]:
    return serving("postgres", data / "postgres" / "cluster") + serving("anvil", data / "chain" / "cache")


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


async def send(rpc: Rpc, **transaction: str) -> dict[str, object]:
    """Sends it from the node's first account; answers its receipt."""
    accounts = await rpc.call("eth_accounts")
    assert isinstance(accounts, list)
    transaction_hash = await rpc.text("eth_sendTransaction", {"from": accounts[0], **transaction})

    async def mined() -> bool:
        return await rpc.call("eth_getTransactionReceipt", transaction_hash) is not None

    await eventually(mined)
    receipt = await rpc.call("eth_getTransactionReceipt", transaction_hash)
    assert isinstance(receipt, dict)
    return receipt


@pytest.mark.parametrize("whole_tree", [False, True], ids=["only ccm", "the whole tree"])
async def test_what_was_there_before_a_kill_is_there_after_it(stack_data: Path, whole_tree: bool) -> None:  # noqa: FBT001
    async with up(stack_data, "0") as first:
        await first.until("ready http")
        before = first.file
        connection = await asyncpg.connect(first.database_url)
        await connection.execute("CREATE TABLE kept (kg bigint); INSERT INTO kept VALUES (7)")
        connection.terminate()
        rpc = Rpc(before.rpc)
        deployed = await send(rpc, data=EMITTER)
        logged = await send(rpc, to=str(deployed["contractAddress"]), gas="0xffff")
        saved = len(StateFiles(stack_data / "chain").generations())
        newest = StateFiles(stack_data / "chain").generations()[0]

        async def saved_since() -> bool:
            return StateFiles(stack_data / "chain").generations()[0] != newest

        assert saved
        await send(rpc, to=str(deployed["contractAddress"]), gas="0xffff")
        await eventually(saved_since)
        await rpc.close()
        doomed = [before.pid, *(servers(stack_data) if whole_tree else [])]
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        await first.ended()

    async def nothing_left() -> bool:
        return not servers(stack_data)

    await eventually(nothing_left)
    async with up(stack_data, "0") as second:
        await second.until("ready http")
        assert (second.file.postgres, second.file.chain) != (before.postgres, before.chain), "other processes"
        assert second.file.rpc == before.rpc, "on the same port"
        connection = await asyncpg.connect(second.database_url)
        assert await connection.fetchval("SELECT kg FROM kept") == 7
        await connection.close()
        rpc = Rpc(second.file.rpc)
        assert await rpc.call("eth_getTransactionReceipt", logged["transactionHash"]) == logged
        logs = await rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "topics": ["0x" + TOPIC]})
        assert isinstance(logs, list)
        assert logged["logs"] == [log for log in logs if log["transactionHash"] == logged["transactionHash"]]
        assert (await send(rpc, to=str(deployed["contractAddress"]), gas="0xffff"))["status"] == "0x1"
        await rpc.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_everything_and_a_second_one_does_no_harm(stack_data: Path, how: signal.Signals) -> None:
    async with up(stack_data, "0") as running:
        url = (await running.until("ready http")).removeprefix("ready ")
        async with aiohttp.ClientSession() as client, client.get(url) as response:
            assert await response.text() == "served"
        assert len(servers(stack_data)) == 2
        running.process.send_signal(how)
        running.process.send_signal(how)
        assert await running.ended() == 0
        assert servers(stack_data) == []
        assert RunFile.read_alive(stack_data) is None


async def ccm(*arguments: str, data: Path) -> tuple[int, str]:
    """Exit code and output of a verb."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccm", *arguments, "--data", str(data)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_run_that_is_only_starting_can_be_stopped(stack_data: Path) -> None:
    async with up(stack_data, "0") as running:

        async def starting() -> bool:
            return holder(stack_data) is not None

        await eventually(starting)
        assert (await ccm("down", data=stack_data))[0] == 0
        assert await running.ended() == 0
        assert servers(stack_data) == []


async def test_a_second_run_with_the_same_data_is_refused(stack_data: Path) -> None:
    async with up(stack_data, "0") as first:
        await first.until("ready http")
        async with up(stack_data, "0") as second:
            refusal = await second.until("already")
            assert str(first.process.pid) in refusal
            assert "ccm down" in refusal
            assert await second.ended() == 1
        assert len(servers(stack_data)) == 2


async def test_a_part_that_dies_ends_the_run_and_says_so(stack_data: Path) -> None:
    async with up(stack_data, "0") as running:
        await running.until("ready http")
        assert running.file.chain
        os.kill(running.file.chain.pid, signal.SIGKILL)
        await running.until("development chain ended by itself")
        assert await running.ended() == 1
        assert servers(stack_data) == []


async def test_a_taken_default_port_is_replaced_and_a_taken_port_that_was_asked_for_is_refused(
    stack_data: Path,
) -> None:
    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it: as good
            occupant.bind(("127.0.0.1", 8080))
            occupant.listen()
        async with up(stack_data) as running:
            said = await running.until("Port 8080 is taken")
            port = int(said.rstrip(".").rpartition(" ")[2])
            assert await running.until("ready http") == f"ready http://127.0.0.1:{port}"
        async with up(stack_data, "8080") as refused:
            await refused.until("Port 8080 is taken. Name another")
            assert await refused.ended() == 1


async def test_status_and_down_know_the_run(stack_data: Path) -> None:
    assert await ccm("status", "--json", data=stack_data) == (
        1,
        json.dumps({"running": False, "data": str(stack_data)}, indent=2) + "\n",
    )
    assert (await ccm("down", data=stack_data))[0] == 0
    async with up(stack_data, "0") as running:
        url = (await running.until("ready http")).removeprefix("ready ")
        code, said = await ccm("status", "--json", data=stack_data)
        status = json.loads(said)
        assert (code, status["running"], status["url"], status["blockNumber"]) == (0, True, url, 0)
        assert status["postgres"]["pid"] in servers(stack_data)
        password = (stack_data / "postgres.password").read_text()
        assert password not in said
        assert (await ccm("down", data=stack_data))[0] == 0
        assert await running.ended() == 0
    assert servers(stack_data) == []
