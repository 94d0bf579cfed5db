"""A node with limits: they are learned at the first refusal, in whatever words, and never run into again."""

import asyncio
from collections import Counter

import pytest

from indexer.endpoints.errors import EndpointFailed, EndpointRefused
from indexer.endpoints.refusals import Kind
from indexer.fetch import Source
from tests.support import rpc_faults as faults
from tests.support.dialects import DIALECTS
from tests.support.faulty import Faulty


async def read_all(source: Source, head: int) -> set[tuple[int, int]]:
    """The places of all events, read as the indexer reads them."""
    places: set[tuple[int, int]] = set()
    first = 0
    while first <= head:
        chunk = await source.chunk(first, head, window_from=head - 3)
        places |= {(event.block_number, event.log_index) for event in chunk.events}
        first = chunk.last_block + 1
    return places


async def test_whatever_its_words_a_limit_is_learned_and_kept_to(faulty: Faulty) -> None:
    for _ in range(6):
        head = await faulty.give()
    expected = await read_all(await faulty.source(), head)
    most_in_a_block = max(Counter(number for number, _ in expected).values())
    limits = {Kind.BLOCKS: {"blocks": 5}, Kind.RESULTS: {"results": most_in_a_block + 2}, Kind.BATCH: {"batch": 3}}
    for name, dialect in DIALECTS.items():
        if dialect.kind not in limits:
            continue
        source = await faulty.source()
        faulty.node.play(faults.refuses(name, **limits[dialect.kind]), times=None)
        assert await read_all(source, head) == expected, name
        learning = faulty.node.played[f"refuses as {name}"]
        assert 1 <= learning <= 8, name
        assert await read_all(source, head) == expected, name
        # What no limit was named for is tried again, by small steps.
        assert faulty.node.played[f"refuses as {name}"] - learning <= (0 if "{limit" in dialect.text else 3), name
        faulty.node.heal()


async def test_one_block_with_more_events_than_are_answered_is_read_by_its_receipts(faulty: Faulty) -> None:
    await faulty.crowd(20)
    faulty.node.play(faults.refuses("geth", results=1), times=None)
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
    faulty.node.play(faults.hangs(3))
    with pytest.raises(EndpointFailed, match="too long"):
        await source.chunk(0, head.number, window_from=head.number)
    chunk = await source.chunk(0, head.number, window_from=head.number)
    assert chunk.last_block == 31
