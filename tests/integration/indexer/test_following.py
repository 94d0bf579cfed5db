"""The indexer beside a real node: it starts cold, stops, goes on, gives way, and waits out what passes."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccm.stack.anvil import EmbeddedAnvil
from indexer import Indexer, store
from indexer.errors import CursorMoved
from ledger.chain import Network, Rpc
from ledger.chain.models import ChainBlock, ChainEvent
from ledger.chain.rpc import to_int
from ledger.db.session import Sessions
from ledger.kernel.money import Micros
from ledger.market.mirror_models import CoinHolding
from tests.support.chain import eventually
from tests.support.indexing import CHAIN_ID, WINDOW, give_dollars, holder, make_indexer
from tests.support.verifying import drifts


async def dollars(sessions: Sessions, name: str) -> Micros | None:
    async with sessions() as session:
        return await session.scalar(select(CoinHolding.balance_micros).where(CoinHolding.holder == holder(name)))


async def count(sessions: Sessions, rows: type) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(rows)) or 0


async def shows_head(indexer: Indexer, rpc: Rpc) -> bool:
    head = to_int(await rpc.call("eth_blockNumber"))
    return indexer.next_block == head + 1


async def move_on(session: AsyncSession, cursor: store.Cursor) -> None:
    await store.move_cursor(
        session, cursor, next_block=cursor.next_block + 1, last_hash=b"\xee" * 32, confirmed_block=-1
    )


async def test_a_cold_index_shows_everything_up_to_the_head(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    for number in range(1, 6):
        await give_dollars(rpc, network, "Ada", number)
    indexer = await make_indexer(sessions, rpc, blocks_per_chunk=2)
    await indexer.catch_up()

    assert await shows_head(indexer, rpc)
    assert await dollars(sessions, "Ada") == 15
    assert await drifts(sessions, rpc, network) == []


async def test_a_restart_goes_on_where_the_last_run_stopped(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    await give_dollars(rpc, network, "Ada", 1)
    await (await make_indexer(sessions, rpc)).catch_up()
    before = await count(sessions, ChainEvent)
    await give_dollars(rpc, network, "Ada", 2)
    await (await make_indexer(sessions, rpc)).catch_up()

    assert await count(sessions, ChainEvent) == before + 1
    assert await dollars(sessions, "Ada") == 3


async def test_hashes_are_remembered_down_to_finality_and_no_further(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    await rpc.call("anvil_mine", hex(3 * WINDOW))
    await give_dollars(rpc, network, "Ada", 1)
    await (await make_indexer(sessions, rpc, blocks_per_chunk=50)).catch_up()

    async with sessions() as session:
        oldest, newest = (
            await session.execute(select(func.min(ChainBlock.block_number), func.max(ChainBlock.block_number)))
        ).one()
    assert newest - oldest == WINDOW
    assert await count(sessions, ChainBlock) == WINDOW + 1


async def test_a_second_indexer_stands_by_until_the_first_one_stops(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    stops = [asyncio.Event(), asyncio.Event()]
    first, second = [await make_indexer(sessions, rpc) for _ in stops]
    tasks = [asyncio.create_task(first.run(stops[0]))]
    await eventually(lambda: shows_head(first, rpc))
    tasks.append(asyncio.create_task(second.run(stops[1])))
    await give_dollars(rpc, network, "Ada", 1)
    await eventually(lambda: shows_head(first, rpc))
    assert (first.leads, second.leads, second.next_block) == (True, False, None)

    stops[0].set()
    await tasks[0]
    await give_dollars(rpc, network, "Ada", 2)
    await eventually(lambda: shows_head(second, rpc))
    assert (first.leads, second.leads) == (False, True)
    assert await dollars(sessions, "Ada") == 3

    stops[1].set()
    await tasks[1]


async def test_whoever_finds_the_cursor_moved_writes_nothing(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    await give_dollars(rpc, network, "Ada", 1)
    async with sessions() as session:
        stale = await store.read_cursor(session, CHAIN_ID)
    await (await make_indexer(sessions, rpc)).catch_up()

    with pytest.raises(CursorMoved):
        async with sessions.begin() as session:
            await move_on(session, stale)


async def test_whoever_missed_a_reorg_to_the_same_height_writes_nothing(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    indexer = await make_indexer(sessions, rpc)
    snapshot = await rpc.call("evm_snapshot")
    await give_dollars(rpc, network, "Ada", 1)
    await indexer.catch_up()
    async with sessions() as session:
        stale = await store.read_cursor(session, CHAIN_ID)
    await rpc.call("evm_revert", snapshot)
    await give_dollars(rpc, network, "Ben", 2)
    await indexer.catch_up()
    assert indexer.next_block == stale.next_block

    with pytest.raises(CursorMoved):
        async with sessions.begin() as session:
            await move_on(session, stale)


@pytest.mark.usefixtures("network")
async def test_an_indexer_outlives_a_node_that_does_not_answer(
    sessions: Sessions, rpc: Rpc, anvil: EmbeddedAnvil
) -> None:
    stop = asyncio.Event()
    indexer = await make_indexer(sessions, rpc)
    running = asyncio.create_task(indexer.run(stop))
    await eventually(lambda: shows_head(indexer, rpc))
    await anvil.stop()
    await asyncio.sleep(0.2)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 10)
