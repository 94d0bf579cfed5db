"""The chain changes its mind; the mirror follows, however the change looks."""

import asyncio

import pytest
from sqlalchemy import select

from indexer import NoCommonAncestor, WrongChain
from ledger.chain import Custody, Network, Rpc, deploy, load_network
from ledger.chain.models import Chain
from ledger.db.session import Sessions
from ledger.kernel.finality import AT_ONCE
from ledger.market.mirror_models import CoinHolding
from tests.support.chain import SEED
from tests.support.indexing import WINDOW, give_dollars, holder, make_indexer
from tests.support.verifying import drifts


async def dollars(sessions: Sessions) -> dict[str, int]:
    names = {holder(name): name for name in ("Ada", "Ben", "Cleo")}
    async with sessions() as session:
        rows = await session.scalars(select(CoinHolding).where(CoinHolding.holder.in_(names)))
        return {names[row.holder]: int(row.balance_micros) for row in rows}


async def test_two_reorgs_of_depth_three(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    indexer = await make_indexer(sessions, rpc)
    await give_dollars(rpc, network, "Ada", 1)
    for forgotten, instead in (("Ben", "Cleo"), ("Cleo", "Ben")):
        snapshot = await rpc.call("evm_snapshot")
        for micros in (10, 20, 30):
            await give_dollars(rpc, network, forgotten, micros)
        await indexer.catch_up()
        shown = (await dollars(sessions))[forgotten]
        assert await rpc.call("evm_revert", snapshot)
        for micros in (1, 2, 3):
            await give_dollars(rpc, network, instead, micros)
        await indexer.catch_up()
        assert (await dollars(sessions)).get(forgotten, 0) == shown - 60
        assert await drifts(sessions, rpc, network) == []

    assert await dollars(sessions) == {"Ada": 1, "Ben": 6, "Cleo": 6}


async def test_a_reorg_to_the_same_height_is_seen(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    indexer = await make_indexer(sessions, rpc)
    snapshot = await rpc.call("evm_snapshot")
    before = await give_dollars(rpc, network, "Ada", 1)
    await indexer.catch_up()
    await rpc.call("evm_revert", snapshot)
    after = await give_dollars(rpc, network, "Ben", 2)
    await indexer.catch_up()

    assert before == after
    assert await dollars(sessions) == {"Ben": 2}


async def test_a_reorg_to_a_longer_chain_is_seen(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    indexer = await make_indexer(sessions, rpc)
    snapshot = await rpc.call("evm_snapshot")
    for micros in (1, 2):
        await give_dollars(rpc, network, "Ada", micros)
    await indexer.catch_up()
    await rpc.call("evm_revert", snapshot)
    for micros in (4, 8, 16, 32):
        await give_dollars(rpc, network, "Ben", micros)
    await indexer.catch_up()

    assert await dollars(sessions) == {"Ben": 60}
    assert await drifts(sessions, rpc, network) == []


async def test_a_chain_that_lost_its_newest_blocks_is_followed_back(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    indexer = await make_indexer(sessions, rpc)
    kept = await give_dollars(rpc, network, "Ada", 1)
    snapshot = await rpc.call("evm_snapshot")
    for micros in (1, 2, 3, 4):
        await give_dollars(rpc, network, "Ben", micros)
    await indexer.catch_up()
    await rpc.call("evm_revert", snapshot)
    await indexer.catch_up()

    assert indexer.next_block == kept + 1
    assert await dollars(sessions) == {"Ada": 1}
    assert await drifts(sessions, rpc, network) == []


async def test_a_young_chain_may_be_rewound_to_its_genesis(sessions: Sessions, rpc: Rpc) -> None:
    genesis = await rpc.call("evm_snapshot")
    custody = Custody(SEED)
    await deploy(sessions, rpc, custody, network="polygon", finality=AT_ONCE)
    async with sessions() as session:
        network = await load_network(session, "polygon", custody)
    await give_dollars(rpc, network, "Ada", 1)
    indexer = await make_indexer(sessions, rpc)
    await indexer.catch_up()
    await rpc.call("evm_revert", genesis)
    await indexer.catch_up()

    assert indexer.next_block == 1
    assert await dollars(sessions) == {}


async def test_a_reorg_below_finality_stops_the_indexer_and_changes_nothing(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    indexer = await make_indexer(sessions, rpc)
    snapshot = await rpc.call("evm_snapshot")
    await give_dollars(rpc, network, "Ada", 1)
    await rpc.call("anvil_mine", hex(2 * WINDOW))
    await indexer.catch_up()
    await rpc.call("evm_revert", snapshot)
    await rpc.call("anvil_mine", hex(2 * WINDOW), hex(3))

    with pytest.raises(NoCommonAncestor, match="deeper than the 65 blocks"):
        await indexer.run(asyncio.Event())
    assert await dollars(sessions) == {"Ada": 1}


@pytest.mark.usefixtures("network")
async def test_another_chain_stops_the_indexer_before_it_reads_anything(sessions: Sessions, rpc: Rpc) -> None:
    async with sessions.begin() as session:
        chain = (await session.scalars(select(Chain))).one()
        chain.genesis_hash = bytes(32)
    indexer = await make_indexer(sessions, rpc)

    with pytest.raises(WrongChain, match="empty database"):
        await indexer.run(asyncio.Event())
    assert indexer.next_block is None
