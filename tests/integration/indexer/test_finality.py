"""Nothing is confirmed before the network calls it final, by depth or by its own tag; no reorg is followed deeper."""

import asyncio

import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from indexer import FinalityLags, NoCommonAncestor
from ledger.chain import Network, Rpc
from ledger.chain.models import Chain, ChainBlock, Intent
from ledger.chain.rpc import to_int
from ledger.db.session import Sessions
from tests.support.chain import statuses
from tests.support.indexing import give_dollars, make_indexer
from tests.support.issuing import issue_credits

SAFE, FINALIZED = 32, 64
"""How many blocks below its head the development node shows its safe and its finalized block."""


@pytest_asyncio.fixture
async def mined(sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> int:
    """A credit that somebody waits for, in the chain's newest block, which is not mirrored yet: the block's number."""
    await issue_credits(sessions, rpc, network, database_url, {1: 100})
    return await head(rpc)


async def head(rpc: Rpc) -> int:
    return to_int(await rpc.call("eth_blockNumber"))


async def set_finality(sessions: Sessions, finality: str) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Chain).values(finality=finality))


async def confirmed(sessions: Sessions) -> int:
    """The newest block up to which users are told that all is confirmed; what lies above is not told so."""
    async with sessions() as session:
        block = (await session.scalars(select(Chain.confirmed_block))).one()
        told = await session.scalars(select(Intent.block_number).where(Intent.status == "confirmed"))
        assert all(number is not None and number <= block for number in told)
        return block


async def remembered(sessions: Sessions) -> tuple[int, int]:
    """The lowest and the highest block whose hash is remembered; there is no gap between them."""
    async with sessions() as session:
        number = ChainBlock.block_number
        lowest, highest, count = (await session.execute(select(func.min(number), func.max(number), func.count()))).one()
    assert count == highest - lowest + 1
    return lowest, highest


@pytest.mark.parametrize(
    ("finality", "blocks_above"), [("depth:1", 0), ("depth:12", 11), ("safe", SAFE), ("finalized", FINALIZED)]
)
async def test_a_fact_is_pending_until_its_block_is_final(
    sessions: Sessions, rpc: Rpc, mined: int, finality: str, blocks_above: int
) -> None:
    await set_finality(sessions, finality)
    indexer = await make_indexer(sessions, rpc, window=FINALIZED + 20)
    if blocks_above:
        await rpc.call("anvil_mine", hex(blocks_above - 1))
        await indexer.catch_up()
        assert await statuses(sessions) == {"mined": 1}
        assert await confirmed(sessions) == mined - 1
        await rpc.call("evm_mine")
    await indexer.catch_up()
    assert await statuses(sessions) == {"confirmed": 1}
    assert await confirmed(sessions) == mined


async def test_what_a_first_start_finds_deep_in_the_chain_is_confirmed_when_it_is_mirrored(
    sessions: Sessions, rpc: Rpc, mined: int
) -> None:
    await set_finality(sessions, "depth:12")
    await rpc.call("anvil_mine", hex(100))
    indexer = await make_indexer(sessions, rpc, blocks_per_chunk=1)
    while indexer.next_block is None or indexer.next_block <= mined:
        await indexer.advance()
    assert await statuses(sessions) == {"confirmed": 1}


@pytest.mark.parametrize(("finality", "below_head"), [("depth:12", 64), ("safe", SAFE), ("finalized", FINALIZED)])
@pytest.mark.usefixtures("network")
async def test_hashes_are_remembered_down_to_what_is_final(
    sessions: Sessions, rpc: Rpc, finality: str, below_head: int
) -> None:
    await set_finality(sessions, finality)
    indexer = await make_indexer(sessions, rpc, window=64, blocks_per_chunk=50)
    for blocks in (200, 7):
        await rpc.call("anvil_mine", hex(blocks))
        await indexer.catch_up()
        assert await remembered(sessions) == (await head(rpc) - below_head, await head(rpc))


async def test_a_reorg_above_the_final_block_is_followed_and_one_below_it_stops_the_indexer(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    await set_finality(sessions, "safe")
    indexer = await make_indexer(sessions, rpc)
    for blocks in (SAFE, SAFE + 1):
        snapshot = await rpc.call("evm_snapshot")
        await give_dollars(rpc, network, "Ada", 1)
        await rpc.call("anvil_mine", hex(blocks - 1))
        await indexer.catch_up()
        before = await confirmed(sessions)
        await rpc.call("evm_revert", snapshot)
        await rpc.call("anvil_mine", hex(blocks + 2), hex(3))
        if blocks == SAFE:
            await indexer.catch_up()
            assert before < await confirmed(sessions)
        else:
            with pytest.raises(NoCommonAncestor, match=f"deeper than the {SAFE + 1} blocks"):
                await asyncio.wait_for(indexer.run(asyncio.Event()), 10)
            assert await confirmed(sessions) == before


async def test_a_tag_that_lags_absurdly_stops_the_indexer_and_says_what_to_do(
    sessions: Sessions, rpc: Rpc, mined: int
) -> None:
    await set_finality(sessions, "finalized")
    await rpc.call("anvil_mine", hex(FINALIZED))
    indexer = await make_indexer(sessions, rpc, window=FINALIZED - 1)
    with pytest.raises(FinalityLags, match=f"newest finalized block is {mined}, 64 below the head.*larger window"):
        await asyncio.wait_for(indexer.run(asyncio.Event()), 10)
    assert await confirmed(sessions) == -1


async def test_a_reorg_while_no_indexer_ran_is_seen_at_the_next_start(sessions: Sessions, rpc: Rpc, mined: int) -> None:
    snapshot = await rpc.call("evm_snapshot")
    await rpc.call("anvil_mine", hex(3))
    await (await make_indexer(sessions, rpc)).catch_up()
    await rpc.call("evm_revert", snapshot)
    await rpc.call("anvil_mine", hex(9), hex(3))
    await (await make_indexer(sessions, rpc)).catch_up()
    async with sessions() as session:
        kept = select(ChainBlock.block_number, ChainBlock.block_hash).where(ChainBlock.block_number > mined)
        for number, block_hash in await session.execute(kept):
            shown = await rpc.call("eth_getBlockByNumber", hex(number), False)
            assert shown["hash"] == "0x" + block_hash.hex()
