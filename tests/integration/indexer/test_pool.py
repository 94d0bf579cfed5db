"""Several nodes of one chain: where one fails, the next one answers, and a stranger is asked for nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from indexer import WrongChain
from ledger.chain import Rpc
from ledger.chain.rpc import to_bytes
from tests.support import rpc_faults as faults
from tests.support.chain import eventually
from tests.support.faulty import Faulty
from tests.support.rpc_double import RpcDouble


@pytest_asyncio.fixture
async def second(faulty: Faulty) -> AsyncIterator[RpcDouble]:
    """Another node of the same chain."""
    async with RpcDouble(faulty.rpc.url) as double:
        yield double


@pytest_asyncio.fixture
async def spare(second: RpcDouble) -> AsyncIterator[Rpc]:
    """Calls to that other node."""
    async with Rpc(second.url) as calls:
        yield calls


async def genesis_of(faulty: Faulty) -> bytes:
    return to_bytes((await faulty.rpc.call("eth_getBlockByNumber", "0x0", False))["hash"])


async def test_where_the_first_node_fails_the_second_answers(faulty: Faulty, spare: Rpc) -> None:
    number = await faulty.give(5)
    for fault in (faults.drops(), faults.fails(), faults.hangs(3), faults.cuts_off(), faults.throttled("60")):
        source = await faulty.source(faulty.through, spare)
        faulty.node.play(fault, times=None)
        assert (await source.head()).number >= number, fault.name
        assert (await source.chunk(number, number, window_from=number)).events, fault.name
        faulty.node.heal()


async def test_the_preferred_node_is_asked_again_once_it_is_well(faulty: Faulty, spare: Rpc, second: RpcDouble) -> None:
    source = await faulty.source(faulty.through, spare)
    faulty.node.play(faults.drops())
    await source.head()
    assert second.asked.total() == 1

    asked = faulty.node.asked.total()

    async def is_asked_again() -> bool:
        await source.head()
        return faulty.node.asked.total() > asked

    await eventually(is_asked_again)


async def test_a_node_that_is_behind_leaves_the_word_to_one_that_is_not(
    faulty: Faulty, spare: Rpc, second: RpcDouble
) -> None:
    number = await faulty.give(5)
    source = await faulty.source(faulty.through, spare)
    faulty.node.play(faults.lags(3), times=None)
    assert (await source.head(number)).number == number
    chunk = await source.chunk(number, number, window_from=number)
    assert chunk.events
    assert second.asked["eth_getLogs"]


async def test_a_head_that_stays_lower_at_every_node_is_believed(faulty: Faulty, spare: Rpc, second: RpcDouble) -> None:
    number = await faulty.give(5)
    source = await faulty.source(faulty.through, spare)
    for node in (faulty.node, second):
        node.play(faults.lags(1), times=None)
    assert (await source.head(number)).number == number - 1


async def test_what_one_node_leaves_out_another_one_knows(faulty: Faulty, spare: Rpc, second: RpcDouble) -> None:
    number = await faulty.give(5)
    source = await faulty.source(faulty.through, spare)
    faulty.node.play(faults.loses_logs(), times=None)
    faulty.node.play(faults.lacks("eth_getBlockReceipts"), times=None)
    chunk = await source.chunk(number, number, window_from=number)

    assert chunk.events
    assert second.asked["eth_getBlockReceipts"]


async def test_a_node_of_another_chain_is_put_out_of_use(
    faulty: Faulty, spare: Rpc, caplog: pytest.LogCaptureFixture
) -> None:
    number = await faulty.give(5)
    for fault in (faults.serves_chain(), faults.has_another_genesis()):
        source = await faulty.source(faulty.through, spare)
        faulty.node.play(fault, times=None)
        with caplog.at_level(logging.ERROR):
            await source.check(await genesis_of(faulty))
        assert "serves another chain" in caplog.text
        caplog.clear()
        asked = faulty.node.asked.total()
        await source.head()
        assert (await source.chunk(number, number, window_from=number)).events
        assert faulty.node.asked.total() == asked
        faulty.node.heal()


async def test_a_node_that_never_answers_does_not_hold_up_the_start(faulty: Faulty, spare: Rpc) -> None:
    async with Rpc(faulty.node.url) as patient:
        source = await faulty.source(patient, spare)
        faulty.node.play(faults.hangs(20), times=None)
        async with asyncio.timeout(5):
            await source.check(await genesis_of(faulty))


async def test_where_every_node_is_of_another_chain_it_is_said_and_nothing_guessed(
    faulty: Faulty, spare: Rpc, second: RpcDouble
) -> None:
    source = await faulty.source(faulty.through, spare)
    for node in (faulty.node, second):
        node.play(faults.serves_chain(1), times=None)
    with pytest.raises(WrongChain, match="chain id 1, genesis"):
        await source.check(await genesis_of(faulty))
    with pytest.raises(WrongChain):
        await source.head()


async def test_a_node_that_comes_back_as_another_chain_is_noticed(faulty: Faulty, spare: Rpc) -> None:
    """Its connection broke; what answers at its address now may be anything."""
    source = await faulty.source(faulty.through, spare)
    await source.check(await genesis_of(faulty))
    faulty.node.play(faults.drops())
    await source.head()
    faulty.node.play(faults.serves_chain(5), times=None)
    asked = faulty.node.asked["eth_getBlockByNumber"]

    async def is_noticed() -> bool:
        await source.head()
        return bool(faulty.node.played["serves_chain"])

    await eventually(is_noticed)
    for _ in range(10):
        await source.head()
    assert faulty.node.played["serves_chain"] == 1
    assert faulty.node.asked["eth_getBlockByNumber"] == asked + 1
