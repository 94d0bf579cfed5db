import asyncio
import gzip
import json
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ccm.stack.anvil import EmbeddedAnvil, binary
from ccm.stack.chain_state import StateFiles, unpacked, with_one_genesis
from ccm.stack.errors import NoUsableState
from ledger.kernel import clock
from tests.support.stack import data_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as made:
        yield made


async def block(node: EmbeddedAnvil, which: str = "latest") -> dict[str, str]:
    found = await node.rpc.call("eth_getBlockByNumber", which, False)
    assert isinstance(found, dict)
    return found


async def mine(node: EmbeddedAnvil) -> str:
    """Mines a block; answers its hash."""
    await node.rpc.call("evm_mine")
    return (await block(node))["hash"]


async def mined(node: EmbeddedAnvil, transaction: str) -> None:
    while True:
        if await node.rpc.call("eth_getTransactionReceipt", transaction):
            return
        await asyncio.sleep(0.02)


async def test_many_blocks_a_second_keep_the_time_of_the_wall_clock(anvil: EmbeddedAnvil) -> None:
    first = int((await block(anvil))["timestamp"], 16)
    for _ in range(50):
        await mine(anvil)
    last = int((await block(anvil))["timestamp"], 16)
    assert first <= last <= clock.now().timestamp()


async def test_what_is_pending_is_mined_in_order_without_being_asked(anvil: EmbeddedAnvil) -> None:
    accounts = await anvil.rpc.call("eth_accounts")
    assert isinstance(accounts, list)
    sent = [
        await anvil.rpc.text("eth_sendTransaction", {"from": accounts[0], "to": accounts[1], "value": hex(wei)})
        for wei in range(1, 6)
    ]
    async with asyncio.timeout(30):
        for transaction in sent:
            await mined(anvil, transaction)
    assert await anvil.rpc.text("eth_getTransactionCount", accounts[0], "latest") == "0x5"


async def test_a_damaged_newest_state_gives_way_to_the_one_before(folder: Path) -> None:
    said: list[str] = []
    async with EmbeddedAnvil(folder) as node:
        genesis = (await block(node, "0x0"))["hash"]
        kept = await mine(node)
    async with EmbeddedAnvil(folder) as node:
        lost = await mine(node)
    newest = StateFiles(folder / "chain").generations()[0]
    newest.write_bytes(newest.read_bytes()[:-100])
    async with EmbeddedAnvil(folder, say=said.append) as node:
        assert (await block(node))["hash"] == kept != lost
        assert (await block(node, "0x0"))["hash"] == genesis
    assert "damaged" in said[0]
    assert newest.with_suffix(".damaged").exists()


async def test_a_chain_whose_every_state_is_damaged_is_not_silently_begun_anew(folder: Path) -> None:
    async with EmbeddedAnvil(folder) as node:
        await mine(node)
    for generation in StateFiles(folder / "chain").generations():
        generation.write_bytes(b"rubbish")
    with pytest.raises(NoUsableState):
        async with EmbeddedAnvil(folder):
            pass


async def test_two_generations_are_kept(folder: Path) -> None:
    for _ in range(3):
        async with EmbeddedAnvil(folder) as node:
            await mine(node)
    assert len(StateFiles(folder / "chain").generations()) == 2


async def test_a_node_that_an_earlier_run_left_behind_is_ended(folder: Path) -> None:
    (folder / "chain").mkdir()
    command: list[str | Path] = [binary(), "--port", "0", "--quiet", "--cache-path", folder / "chain" / "cache"]
    left_behind = await asyncio.create_subprocess_exec(*command)
    async with EmbeddedAnvil(folder) as node:
        assert await left_behind.wait() == -signal.SIGKILL
        assert node.child.alive


async def test_a_preferred_port_is_kept_while_it_is_free(folder: Path) -> None:
    async with EmbeddedAnvil(folder, saved=False) as node:
        port = node.port
    async with EmbeddedAnvil(folder, preferred_port=port, saved=False) as node:
        assert node.port == port
    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        occupant.bind(("127.0.0.1", port))
        occupant.listen()
        async with EmbeddedAnvil(folder, preferred_port=port, saved=False) as node:
            assert node.port != port


async def test_the_first_block_stays_the_same_however_often_the_node_restarts(folder: Path) -> None:
    genesis = set()
    for number in range(1, 6):
        async with EmbeddedAnvil(folder) as node:
            await mine(node)
            genesis.add((await block(node, "0x0"))["hash"])
            assert (await block(node))["number"] == hex(number)
        await asyncio.sleep(1)  # the genesis block that the next start makes has another second, so another hash
    assert len(genesis) == 1


def test_of_several_genesis_blocks_the_oldest_is_loaded() -> None:
    def saved(number: int, time: int) -> dict[str, object]:
        return {"header": {"number": hex(number), "timestamp": hex(time), "extraData": "0x"}, "transactions": []}

    state = {"best_block_number": 1, "blocks": [saved(0, 9), saved(1, 5), saved(0, 4), saved(0, 7)]}
    kept = json.loads(with_one_genesis(json.dumps(state).encode()))
    assert kept == state | {"blocks": [saved(1, 5), saved(0, 4)]}


def test_saves_that_overlap_each_leave_a_whole_state(folder: Path) -> None:
    files = StateFiles(folder)
    dump = b'"0x' + gzip.compress(json.dumps({"blocks": [], "padding": "x" * 100_000}).encode()).hex().encode() + b'"'
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(files.save, [dump] * 40))
    kept = files.generations()
    assert [path.name for path in kept] == ["state-0000000040.json.gz", "state-0000000039.json.gz"]
    for generation in kept:
        with unpacked(generation) as state:
            assert state is not None
