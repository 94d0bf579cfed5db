"""A contract is added while the chain is followed: its past comes in beside, and then all comes as one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from indexer.errors import CursorMoved
from ledger.chain import Network, Rpc
from ledger.chain.abi import creation_code
from ledger.chain.additions import add_contract
from ledger.chain.models import Chain, ChainEvent, Deployment
from ledger.chain.rpc import Reply, to_bytes, to_hex, to_int
from ledger.db.session import Sessions
from ledger.kernel.errors import Conflict, InvalidInput
from tests.support.chain import eventually
from tests.support.indexing import ANYONE, CHAIN_ID, give_dollars, make_indexer, make_rebuild
from tests.support.killing import KILLED, in_a_process
from tests.support.verifying import drifts, run


@pytest_asyncio.fixture
async def euros(rpc: Rpc, network: Network) -> Network:
    """A second coin from the same source, with a past; the network with it in the dollar's place."""
    code = to_hex(creation_code("TestDollar"))
    sent = await rpc.call("eth_sendTransaction", {"from": ANYONE, "data": code, "gas": hex(5_000_000)})

    async def is_mined() -> bool:
        return await rpc.call("eth_getTransactionReceipt", sent) is not None

    await eventually(is_mined)
    receipt = await rpc.call("eth_getTransactionReceipt", sent)
    second = replace(network, contracts=replace(network.contracts, dollar=to_bytes(receipt["contractAddress"])))
    for micros in range(1, 6):
        await give_dollars(rpc, second, "Ada", micros)
        await give_dollars(rpc, network, "Ben", micros)
    return second


async def add(sessions: Sessions, rpc: Rpc, euros: Network) -> None:
    async with sessions.begin() as session:
        chain = await session.get_one(Chain, CHAIN_ID)
        address = euros.contracts.dollar
        await add_contract(session, rpc, chain, name="TestDollar", address=address, first_block=0)


async def joining(sessions: Sessions) -> int | None:
    """The first block of the added contract's past that is still missing; None when it has joined."""
    async with sessions() as session:
        return await session.scalar(select(Deployment.next_block).where(~Deployment.is_main))


async def is_whole(sessions: Sessions, rpc: Rpc, euros: Network) -> bool:
    """Whether every event of the added contract is kept, and no other."""
    wanted = {"address": to_hex(euros.contracts.dollar), "fromBlock": "0x0"}
    logs: list[dict[str, Any]] = await rpc.call("eth_getLogs", wanted)
    places = (ChainEvent.block_number, ChainEvent.log_index, ChainEvent.transaction_hash)
    async with sessions() as session:
        kept = await session.execute(select(*places).where(ChainEvent.contract == euros.contracts.dollar))
        told = {(to_int(e["blockNumber"]), to_int(e["logIndex"]), to_bytes(e["transactionHash"])) for e in logs}
        return {tuple(row) for row in kept} == told


async def test_a_running_indexer_takes_in_the_past_and_goes_on_with_both(
    sessions: Sessions, rpc: Rpc, network: Network, euros: Network
) -> None:
    stop = asyncio.Event()
    indexer = await make_indexer(sessions, rpc, blocks_per_chunk=2)
    running = asyncio.create_task(indexer.run(stop))
    await add(sessions, rpc, euros)
    await give_dollars(rpc, network, "Ben", 10)

    async def has_joined() -> bool:
        return await joining(sessions) is None

    await eventually(has_joined)
    await give_dollars(rpc, euros, "Ada", 10)
    await eventually(lambda: is_whole(sessions, rpc, euros))
    stop.set()
    await asyncio.wait_for(running, 10)
    assert await drifts(sessions, rpc, network) == [], "the second coin is no part of anybody's dollars"


async def test_a_reorg_during_the_backfill_takes_back_what_it_had_reached(
    sessions: Sessions, rpc: Rpc, network: Network, euros: Network
) -> None:
    snapshot = await rpc.call("evm_snapshot")
    fork = to_int(await rpc.call("eth_blockNumber"))
    for micros in range(1, 6):
        await give_dollars(rpc, euros, "Ada", micros)
    indexer = await make_indexer(sessions, rpc)
    await indexer.catch_up()
    await add(sessions, rpc, euros)
    slow = await make_indexer(sessions, rpc, blocks_per_chunk=2)
    while (await joining(sessions) or 0) <= fork + 2:
        assert await slow.advance()
    await rpc.call("evm_revert", snapshot)
    await give_dollars(rpc, euros, "Cleo", 7)

    assert await slow.advance(), "the rewind"
    assert await joining(sessions) == fork + 1
    await slow.catch_up()
    assert await joining(sessions) is None
    assert await is_whole(sessions, rpc, euros)
    assert await drifts(sessions, rpc, network) == []


async def test_a_kill_during_the_backfill_loses_nothing_and_doubles_nothing(
    sessions: Sessions, rpc: Rpc, euros: Network, database_url: str
) -> None:
    await (await make_indexer(sessions, rpc)).catch_up()
    await add(sessions, rpc, euros)
    code, said = await in_a_process("index_once", database_url, rpc.url, fault="before_backfill_commit")
    assert (code, "fault point reached: before_backfill_commit" in said) == (KILLED, True), said
    assert await joining(sessions) == 0

    await (await make_indexer(sessions, rpc, blocks_per_chunk=3)).catch_up()
    assert await joining(sessions) is None
    assert await is_whole(sessions, rpc, euros)


async def test_a_rebuild_reads_what_was_added_again_too(
    sessions: Sessions, rpc: Rpc, network: Network, euros: Network, database_url: str
) -> None:
    await add(sessions, rpc, euros)
    rebuild = await make_rebuild(sessions, rpc, database_url)
    await (await make_indexer(sessions, rpc)).catch_up()
    assert await joining(sessions) is None
    added = select(func.count()).where(ChainEvent.contract == euros.contracts.dollar)
    async with sessions() as session:
        events = await session.scalar(added)
    await run(sessions, f"DELETE FROM chain_events WHERE contract = '\\x{euros.contracts.dollar.hex()}'")

    rebuilt = await rebuild.run(0)
    assert {each.table: each.added for each in rebuilt.tables if each.added} == {"chain_events": events}
    assert await is_whole(sessions, rpc, euros)
    assert await drifts(sessions, rpc, network) == []


class Interrupted(Rpc):
    """A node that lets something else happen before it answers with logs for the first time."""

    def __init__(self, url: str, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(url)
        self._meanwhile: Callable[[], Awaitable[None]] | None = meanwhile

    async def exchange(self, body: Any) -> Reply:
        if self._meanwhile is not None and any(each["method"] == "eth_getLogs" for each in body):
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        return await super().exchange(body)


async def test_whoever_read_logs_before_another_indexer_joined_a_contract_writes_nothing(
    sessions: Sessions, rpc: Rpc, euros: Network
) -> None:
    await (await make_indexer(sessions, rpc)).catch_up()
    await add(sessions, rpc, euros)
    await (await make_indexer(sessions, rpc)).catch_up()
    await run(sessions, "UPDATE deployments SET next_block = 1 WHERE NOT is_main")
    await give_dollars(rpc, euros, "Cleo", 7)
    meanwhile = "UPDATE deployments SET next_block = NULL WHERE NOT is_main"
    async with Interrupted(rpc.url, lambda: run(sessions, meanwhile)) as node:
        indexer = await make_indexer(sessions, node)
        with pytest.raises(CursorMoved):
            await indexer.catch_up()
        await indexer.catch_up()
    assert await is_whole(sessions, rpc, euros)


async def test_what_is_mirrored_already_or_stands_nowhere_is_not_added(
    sessions: Sessions, rpc: Rpc, network: Network, euros: Network
) -> None:
    with pytest.raises(Conflict, match="mirrored already"):
        await add(sessions, rpc, network)
    nowhere = replace(euros, contracts=replace(euros.contracts, dollar=b"\xee" * 20))
    with pytest.raises(InvalidInput, match="no contract at 0xeeee"):
        await add(sessions, rpc, nowhere)
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Deployment).where(~Deployment.is_main)) == 0
