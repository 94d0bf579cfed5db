"""A node with limits: they are learned at the first refusal, in whatever words, and never run into again."""

import asyncio

import pytest

from indexer.endpoints.errors import EndpointFailed, EndpointRefused
from tests.support import rpc_faults as faults
from tests.support.faulty import Faulty


@pytest.mark.parametrize(
    ("dialect", "limits"),
    [
        ("avalanche", {"blocks": 5}),
        ("alchemy free", {"blocks": 5}),
        ("quicknode", {"blocks": 5}),
        ("drpc", {"blocks": 5}),
        ("ankr", {"blocks": 5}),
        ("infura", {"results": 8}),
        ("alchemy", {"results": 8}),
        ("geth", {"results": 8}),
        ("proxyd", {"results": 8}),
        ("drpc batch", {"batch": 3}),
        ("no batches", {"batch": 1}),
    ],
)
async def test_whatever_its_words_a_limit_is_kept_to(faulty: Faulty, dialect: str, limits: dict[str, int]) -> None:
    for _ in range(12):
        await faulty.give()
    faulty.node.play(faults.refuses(dialect, **limits), times=None)
    indexer = await faulty.indexer()
    await indexer.catch_up()
    learning = faulty.node.played[f"refuses as {dialect}"]
    for _ in range(12):
        await faulty.give()
    await indexer.catch_up()

    assert 1 <= learning <= 8
    assert faulty.node.played[f"refuses as {dialect}"] <= learning + 1
    assert await faulty.drifts() == []


@pytest.mark.parametrize("results", [1, 4])
async def test_one_block_with_more_events_than_are_answered_is_read_by_its_receipts(
    faulty: Faulty, results: int
) -> None:
    await faulty.crowd(20)
    faulty.node.play(faults.refuses("geth", results=results), times=None)
    await (await faulty.indexer()).catch_up()

    assert faulty.node.asked["eth_getBlockReceipts"]
    assert await faulty.drifts() == []


async def test_where_contracts_fit_one_by_one_no_receipts_are_read(faulty: Faulty) -> None:
    number = await faulty.give()
    source = await faulty.source()
    faulty.node.play(faults.refuses_many_contracts(), times=None)
    chunk = await source.chunk(number, number, window_from=number)

    assert {event.contract for event in chunk.events} == {faulty.network.contracts.dollar}
    assert faulty.node.asked["eth_getBlockReceipts"] == 0


async def test_a_node_that_asks_for_a_pause_is_given_it(faulty: Faulty) -> None:
    source = await faulty.source()
    faulty.node.play(faults.throttled("1"))
    with pytest.raises(EndpointRefused, match="refused"):
        await source.head()
    started, asked = asyncio.get_running_loop().time(), faulty.node.asked.total()
    await source.head()

    assert asyncio.get_running_loop().time() - started >= 0.99
    assert faulty.node.asked.total() == asked + 1


async def test_a_long_pause_is_not_waited_out_and_the_node_left_alone(faulty: Faulty) -> None:
    source = await faulty.source()
    faulty.node.play(faults.throttled("120"))
    with pytest.raises(EndpointRefused):
        await source.head()
    asked = faulty.node.asked.total()
    for _ in range(3):
        with pytest.raises(EndpointFailed, match=r"the first one for 1(19|20) seconds"):
            await source.head()
    assert faulty.node.asked.total() == asked


async def test_after_a_timeout_less_is_asked_for(faulty: Faulty) -> None:
    await faulty.rpc.call("anvil_mine", "0x40")
    source = await faulty.source()
    head = await source.head()
    faulty.node.play(faults.hangs(1))
    with pytest.raises(EndpointFailed, match="too long"):
        await source.chunk(0, head.number, window_from=head.number)
    chunk = await source.chunk(0, head.number, window_from=head.number)
    assert chunk.last_block == 31
