"""One node that repeats, reorders, forgets, lags and breaks off: only what fits together is believed."""

import pytest
from aiohttp import web

from indexer.errors import InconsistentAnswer
from ledger.chain import function_data
from ledger.chain.rpc import to_hex
from ledger.kernel.errors import BlockchainUnavailable
from tests.support import rpc_faults as faults
from tests.support.chain import eventually
from tests.support.faulty import Faulty
from tests.support.indexing import ANYONE, holder
from tests.support.rpc_double import Asked, Fault

HARMLESS = (
    faults.reverses_logs,
    faults.repeats_logs,
    faults.omits_times,
    faults.adds_removed_logs,
    faults.tells_of_a_stranger,
)
HARMFUL = (
    faults.mixes_forks(),
    faults.tells_from_beyond(),
    faults.tears_the_chain(),
    faults.repeats_blocks(),
    faults.loses_logs(),
    faults.cuts_off(),
    faults.leaves_out(),
    faults.leaves_out(0),
    faults.drops(),
    faults.fails(),
    faults.hangs(3),
)


async def test_what_nodes_may_do_changes_nothing(faulty: Faulty) -> None:
    for fault in HARMLESS:
        indexer = await faulty.indexer(window=1)
        await faulty.give(2)
        await faulty.give(3)
        faulty.node.play(fault(), times=None)
        await indexer.catch_up()
        assert faulty.node.played[fault().name], fault
        faulty.node.heal()

    assert await faulty.dollars() == 5 * len(HARMLESS)
    assert await faulty.drifts() == []


async def test_what_does_not_fit_together_is_not_believed(faulty: Faulty) -> None:
    indexer = await faulty.indexer()
    await faulty.give(5)
    await indexer.catch_up()
    for count, fault in enumerate(HARMFUL, 1):
        await faulty.give(2)
        await faulty.give(3)
        faulty.node.play(fault, times=None)
        with pytest.raises(BlockchainUnavailable):
            await indexer.catch_up()
        assert faulty.node.played[fault.name], fault.name
        assert await faulty.dollars() == 5 * count, fault.name

        faulty.node.heal()
        await indexer.catch_up()
        assert await faulty.dollars() == 5 * (count + 1), fault.name
    assert await faulty.drifts() == []


async def test_logs_of_one_branch_are_not_taken_for_those_of_another(faulty: Faulty) -> None:
    indexer = await faulty.indexer()
    await indexer.catch_up()
    snapshot = await faulty.rpc.call("evm_snapshot")
    await faulty.rpc.call("evm_mine")

    async def change_its_mind(asked: Asked) -> web.StreamResponse:
        """After it was asked for logs, and before it is asked for their blocks."""
        logs = await asked.forward(asked.calls[:1])
        assert await faulty.rpc.call("evm_revert", snapshot)
        await faulty.give(5)
        return asked.reply(logs + await asked.forward(asked.calls[1:]))

    faulty.node.play(Fault("changes its mind", change_its_mind, frozenset({"eth_getLogs"})))
    with pytest.raises(InconsistentAnswer):
        await indexer.catch_up()
    await indexer.catch_up()

    assert await faulty.dollars() == 5
    assert await faulty.drifts() == []


async def test_blocks_that_are_not_parent_and_child_are_no_chain(faulty: Faulty) -> None:
    first = await faulty.give()
    last = await faulty.give()
    source = await faulty.source()
    faulty.node.play(faults.tears_the_chain())
    with pytest.raises(InconsistentAnswer, match="changed while it was read"):
        await source.chunk(first, last, window_from=first)
    assert (await source.chunk(first, last, window_from=first)).events


async def test_a_block_in_anothers_place_is_not_taken_for_it(faulty: Faulty) -> None:
    last = await faulty.give()
    source = await faulty.source()
    faulty.node.play(faults.repeats_blocks())
    with pytest.raises(InconsistentAnswer, match="another block"):
        await source.blocks([last - 1, last])
    assert [block.number for block in await source.blocks([last - 1, last])] == [last - 1, last]


async def test_a_child_of_another_block_rewinds_nothing_that_is_still_there(faulty: Faulty) -> None:
    """The node that shows it also shows the mirrored block as it was: one of the two is not true."""
    indexer = await faulty.indexer()
    await indexer.catch_up()
    await faulty.give(5)
    faulty.node.play(faults.tears_the_chain(), times=None)
    with pytest.raises(InconsistentAnswer, match="a child of another"):
        await indexer.advance()


async def test_a_head_that_was_shown_and_is_gone_is_not_quietly_replaced(faulty: Faulty) -> None:
    source = await faulty.source()
    snapshot = await faulty.rpc.call("evm_snapshot")
    await faulty.give()
    head = await source.head()
    assert await faulty.rpc.call("evm_revert", snapshot)
    await faulty.rpc.call("evm_mine")
    with pytest.raises(InconsistentAnswer, match="changed while it was read"):
        await source.chunk(head.number, head.number, window_from=head.number)

    head = await source.head()
    assert not (await source.chunk(head.number, head.number, window_from=head.number)).events


async def test_a_node_that_is_behind_has_no_say_over_logs(faulty: Faulty) -> None:
    """Another one behind the same address answers for the logs: it has none, and not the block either."""
    indexer = await faulty.indexer()
    await indexer.catch_up()
    await faulty.give(5)
    faulty.node.play(faults.lags(1, only="eth_getLogs"))
    with pytest.raises(InconsistentAnswer):
        await indexer.catch_up()
    assert await faulty.dollars() is None

    await indexer.catch_up()
    assert await faulty.dollars() == 5


async def test_a_node_that_is_behind_for_a_while_rewinds_nothing(faulty: Faulty) -> None:
    indexer = await faulty.indexer()
    await faulty.give(5)
    await indexer.catch_up()
    reached = indexer.next_block
    faulty.node.play(faults.lags(2), times=2)
    await indexer.advance()

    assert faulty.node.played["lags"] == 2
    assert indexer.next_block == reached
    assert await faulty.dollars() == 5


async def test_a_block_that_left_out_one_kind_of_event_is_found_out(faulty: Faulty) -> None:
    """Its bloom says that more was in it; its receipts say what."""
    indexer = await faulty.indexer()
    await indexer.catch_up()
    await faulty.give(5)

    def leave_out_first_kind(logs: list[dict[str, object]]) -> None:
        logs[:] = [log for log in logs if log["topics"] != logs[0]["topics"]]

    faulty.node.play(faults.changes_logs("leaves out one kind", leave_out_first_kind))
    with pytest.raises(InconsistentAnswer, match="left out events"):
        await indexer.catch_up()
    assert faulty.node.asked["eth_getBlockReceipts"]

    await indexer.catch_up()
    assert await faulty.dollars() == 5


async def test_a_node_without_receipts_is_asked_for_the_logs_by_the_blocks_hash(faulty: Faulty) -> None:
    indexer = await faulty.indexer()
    await indexer.catch_up()
    await faulty.give(5)
    faulty.node.play(faults.lacks("eth_getBlockReceipts"), times=None)
    faulty.node.play(faults.loses_logs())
    with pytest.raises(InconsistentAnswer, match="left out events"):
        await indexer.catch_up()
    assert await faulty.dollars() is None


async def test_a_node_that_tells_of_a_block_that_nobody_asked_about_only_makes_the_indexer_ask_again(
    faulty: Faulty,
) -> None:
    """Two kinds of events in a block: the bloom tells of the second, and asked again the node tells of it elsewhere."""
    indexer = await faulty.indexer()
    await indexer.catch_up()
    contracts = faulty.network.contracts
    gift = function_data("TestDollar", "faucet", [holder("Ada"), 5])
    relayed = function_data("Relay", "relay", [[(contracts.dollar, gift, 100_000, bytes(32))]])
    call = {"from": ANYONE, "to": to_hex(contracts.relay), "data": to_hex(relayed)}
    sent = await faulty.rpc.call("eth_sendTransaction", call)

    async def is_mined() -> bool:
        return await faulty.rpc.call("eth_getTransactionReceipt", sent) is not None

    await eventually(is_mined)
    faulty.node.play(faults.tells_from_beyond(), times=None)
    with pytest.raises(BlockchainUnavailable):
        await indexer.catch_up()

    faulty.node.heal()
    await indexer.catch_up()
    assert await faulty.dollars() == 5
