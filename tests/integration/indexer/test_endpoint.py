"""A node behind a proxy that repeats, reorders, forgets and lags: only what fits together is believed."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from indexer.errors import InconsistentAnswer
from ledger.chain import Network, Rpc
from ledger.chain.rpc import Reply
from ledger.db.session import Sessions
from ledger.market.mirror_models import CoinHolding
from tests.support.indexing import give_dollars, holder, make_indexer
from tests.support.verifying import drifts

Answers = list[Any]
"""To one batch: the logs first, then the blocks."""


def as_reply(answers: Answers) -> Reply:
    body = [{"jsonrpc": "2.0", "id": number, "result": answer} for number, answer in enumerate(answers)]
    return Reply(200, None, msgspec.json.encode(body))


class Unreliable(Rpc):
    """A real node whose answers to batches are changed on their way."""

    def __init__(self, url: str, change: Callable[[Answers], None]) -> None:
        super().__init__(url)
        self._change = change

    async def exchange(self, body: Any) -> Reply:
        reply = await super().exchange(body)
        if body[0]["method"] != "eth_getLogs":
            return reply
        answers = [answer["result"] for answer in msgspec.json.decode(reply.body)]
        self._change(answers)
        return as_reply(answers)


def out_of_order(answers: Answers) -> None:
    answers[0].reverse()


def without_block_times(answers: Answers) -> None:
    for log in answers[0]:
        log.pop("blockTimestamp", None)


def with_a_removed_log(answers: Answers) -> None:
    answers[0].append(answers[0][-1] | {"removed": True, "blockHash": "0x" + "ee" * 32})


def of_a_stranger(answers: Answers) -> None:
    answers[0].append(answers[0][-1] | {"address": "0x" + "ee" * 20})


def of_another_fork(answers: Answers) -> None:
    answers[0][-1]["blockHash"] = "0x" + "ee" * 32


def from_beyond(answers: Answers) -> None:
    answers[0][-1]["blockNumber"] = "0xffff"


def no_logs_and_no_last_block(answers: Answers) -> None:
    answers[0].clear()
    answers[-1] = None


def torn_between_two_forks(answers: Answers) -> None:
    answers[-1]["parentHash"] = "0x" + "ee" * 32


class Reorganised(Rpc):
    """A node that changes its mind once, after it was asked for logs and before it is asked for their blocks."""

    def __init__(self, url: str, network: Network) -> None:
        super().__init__(url)
        self.snapshot: str | None = None
        self._network = network

    async def exchange(self, body: Any) -> Reply:
        if self.snapshot is None or not isinstance(body, list) or body[0]["method"] != "eth_getLogs":
            return await super().exchange(body)
        calls = [(each["method"], each["params"]) for each in body]
        snapshot, self.snapshot = self.snapshot, None
        logs = await self.batch(calls[:1])
        assert await self.call("evm_revert", snapshot)
        await give_dollars(self, self._network, "Ada", 5)
        return as_reply(logs + await self.batch(calls[1:]))


async def test_logs_of_one_branch_are_not_taken_for_those_of_another(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    async with Reorganised(rpc.url, network) as node:
        indexer = await make_indexer(sessions, node)
        await indexer.catch_up()
        node.snapshot = await rpc.call("evm_snapshot")
        await rpc.call("evm_mine")
        with pytest.raises(InconsistentAnswer):
            await indexer.catch_up()
        await indexer.catch_up()

    assert await drifts(sessions, rpc, network) == []
    async with sessions() as session:
        assert await session.scalar(select(CoinHolding.balance_micros).where(CoinHolding.holder == holder("Ada"))) == 5


@pytest.mark.parametrize("change", [out_of_order, without_block_times, with_a_removed_log, of_a_stranger])
async def test_what_nodes_may_do_changes_nothing(
    sessions: Sessions, rpc: Rpc, network: Network, change: Callable[[Answers], None]
) -> None:
    await give_dollars(rpc, network, "Ada", 5)
    async with Unreliable(rpc.url, change) as node:
        await (await make_indexer(sessions, node)).catch_up()

    assert await drifts(sessions, rpc, network) == []
    async with sessions() as session:
        assert await session.scalar(select(CoinHolding.balance_micros).where(CoinHolding.holder == holder("Ada"))) == 5


@pytest.mark.parametrize("change", [of_another_fork, from_beyond, no_logs_and_no_last_block, torn_between_two_forks])
async def test_what_does_not_fit_together_is_not_believed(
    sessions: Sessions, rpc: Rpc, network: Network, change: Callable[[Answers], None]
) -> None:
    await give_dollars(rpc, network, "Ada", 5)
    async with Unreliable(rpc.url, change) as node:
        with pytest.raises(InconsistentAnswer):
            await (await make_indexer(sessions, node)).catch_up()
    async with sessions() as session:
        assert (await session.scalars(select(CoinHolding))).all() == []

    await (await make_indexer(sessions, rpc)).catch_up()
    assert await drifts(sessions, rpc, network) == []
