import asyncio

import pytest
from sqlalchemy import func, select

from ledger.chain import Network, Relayer, Rpc, function_data
from ledger.chain.delivery import STUCK_BLOCKS, Delivery
from ledger.chain.models import Submission
from ledger.chain.submissions import store
from ledger.chain.transactions import Call, Fees
from ledger.db.session import Sessions
from ledger.kernel.faults import FaultPoint
from tests.support.chain import FAUCET_GAS, eventually, gifts, queue_gifts, receiver, statuses, until_done
from tests.support.killing import KILLED, in_a_process


async def has_gift(rpc: Rpc, network: Network) -> bool:
    return await gifts(rpc, network, [1]) == [1]


async def test_fifty_actions_travel_in_one_transaction(
    sessions: Sessions, rpc: Rpc, network: Network, relayer: Relayer
) -> None:
    async with sessions.begin() as session:
        await queue_gifts(session, network, range(50))
    await until_done(relayer, sessions)

    assert await gifts(rpc, network, range(50)) == [1] * 50
    async with sessions() as session:
        relayed = select(func.count()).where(Submission.purpose == "relay")
        assert await session.scalar(relayed) == 1


async def test_a_running_relayer_is_woken_by_an_intent_and_stops_when_told(
    sessions: Sessions, rpc: Rpc, network: Network, relayer: Relayer
) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(relayer.run(stop))
    async with sessions.begin() as session:
        await queue_gifts(session, network, [1])
    await eventually(lambda: has_gift(rpc, network))
    stop.set()
    await asyncio.wait_for(running, 10)


@pytest.mark.parametrize("point", ["after_raw_stored", "after_raw_sent", "before_receipt_recorded"])
async def test_a_kill_neither_loses_nor_doubles_an_action(
    point: FaultPoint, sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    async with sessions.begin() as session:
        await queue_gifts(session, network, range(50))

    ended, told = await in_a_process("relay_once", database_url, rpc.url, fault=point)
    assert (ended, f"fault point reached: {point}" in told) == (KILLED, True), told
    ended, told = await in_a_process("relay_once", database_url, rpc.url)
    assert ended == 0, told

    assert await gifts(rpc, network, range(50)) == [1] * 50
    assert await statuses(sessions) == {"submitted": 50}, "the mirror closes them, not the relayer"


async def test_two_relayers_at_once_share_the_work_and_double_nothing(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    async with sessions.begin() as session:
        await queue_gifts(session, network, range(120))
    pair = [Relayer(sessions, rpc, network, database_url) for _ in range(2)]
    await asyncio.gather(*(until_done(each, sessions) for each in pair))

    assert await gifts(rpc, network, range(120)) == [1] * 120


async def test_blocks_that_a_reorg_took_are_filled_again(
    sessions: Sessions, rpc: Rpc, network: Network, relayer: Relayer
) -> None:
    before = await rpc.call("evm_snapshot")
    for number in range(3):
        async with sessions.begin() as session:
            await queue_gifts(session, network, [number])
        await until_done(relayer, sessions)
    assert await gifts(rpc, network, range(3)) == [1, 1, 1]

    assert await rpc.call("evm_revert", before)
    assert await gifts(rpc, network, range(3)) == [0, 0, 0]
    async with sessions.begin() as session:
        await queue_gifts(session, network, [3])
    await until_done(relayer, sessions)
    assert await gifts(rpc, network, range(4)) == [1, 1, 1, 1]


async def test_what_pays_too_little_is_replaced_once_blocks_pass_it_by(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    gift = Call(network.contracts.dollar, function_data("TestDollar", "faucet", [receiver(1), 1]), FAUCET_GAS)
    async with sessions.begin() as session:
        await store(
            session,
            network.custody.operator("relayer"),
            gift,
            chain_id=network.chain_id,
            nonce=0,
            fees=Fees(ceiling_wei=1, tip_wei=0),
            purpose="a gift at a fee that no block takes",
        )
    delivery = Delivery(sessions, rpc, network.chain_id, network.custody, stuck_seconds=0)
    for _ in range(STUCK_BLOCKS):
        assert await delivery.run_once() == 1
        await rpc.call("evm_mine")
    assert await gifts(rpc, network, [1]) == [0]

    while await delivery.run_once():
        await rpc.call("evm_mine")
    assert await gifts(rpc, network, [1]) == [1]
    async with sessions() as session:
        assert await session.scalar(select(func.max(Submission.attempt))) == 1
