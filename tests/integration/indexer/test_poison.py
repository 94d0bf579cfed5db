"""An event that cannot be taken in stops its chain loudly, with its name; it is never passed over."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from indexer import Endpoints, Indexer
from indexer.errors import PoisonousEvent
from indexer.metrics import Monitor
from ledger.chain import Network, Rpc
from ledger.chain.models import Chain, ChainEvent
from ledger.chain.rpc import Reply, to_hex
from ledger.db.session import Sessions
from ledger.market.mirror_models import CoinHolding
from tests.support.chain import eventually
from tests.support.indexing import CHAIN_ID, MIRRORS, WINDOW, give_dollars, holder, make_indexer
from tests.support.verifying import drifts, run

REFUSING = "ALTER TABLE coin_holdings ADD CONSTRAINT nobody_is_rich CHECK (balance_micros < 1000)"
FORGIVING = "ALTER TABLE coin_holdings DROP CONSTRAINT nobody_is_rich"


async def next_block(sessions: Sessions) -> int:
    async with sessions() as session:
        return (await session.scalars(select(Chain.next_block))).one()


async def dollars(sessions: Sessions, name: str) -> int | None:
    async with sessions() as session:
        return await session.scalar(select(CoinHolding.balance_micros).where(CoinHolding.holder == holder(name)))


@pytest.fixture
async def poisoned(sessions: Sessions, rpc: Rpc, network: Network) -> int:
    """A chain of which one event among many is refused: the block that it stands in."""
    await run(sessions, REFUSING)
    for number in range(5):
        await give_dollars(rpc, network, "Ada", 1 + number)
    block = await give_dollars(rpc, network, "Ben", 5_000)
    for _ in range(5):
        await give_dollars(rpc, network, "Cleo", 1)
    return block


async def test_an_event_that_a_table_refuses_is_found_and_named(
    sessions: Sessions, rpc: Rpc, network: Network, poisoned: int
) -> None:
    before = await next_block(sessions)
    with pytest.raises(PoisonousEvent) as refused:
        await (await make_indexer(sessions, rpc)).catch_up()

    facts = refused.value.facts
    assert (facts["blockNumber"], facts["event"], facts["chainId"]) == (poisoned, "Transfer", network.chain_id)
    assert facts["contract"] == to_hex(network.contracts.dollar)
    block = await rpc.call("eth_getBlockByNumber", hex(poisoned), False)
    assert [facts["transactionHash"]] == block["transactions"]
    assert "nobody_is_rich" in str(facts["cause"])
    assert (await next_block(sessions), await dollars(sessions, "Ada")) == (before, None)

    await run(sessions, FORGIVING)
    await (await make_indexer(sessions, rpc)).catch_up()
    assert (await dollars(sessions, "Ben"), await drifts(sessions, rpc, network)) == (5_000, [])


@pytest.mark.usefixtures("poisoned")
async def test_the_indexer_stays_where_it_is_and_says_so(
    sessions: Sessions, rpc: Rpc, caplog: pytest.LogCaptureFixture
) -> None:
    before, stop, monitor = await next_block(sessions), asyncio.Event(), Monitor("polygon")
    running = asyncio.create_task((await make_indexer(sessions, rpc, monitor=monitor)).run(stop))

    async def stopped() -> bool:
        return monitor.following.stopped is not None

    await eventually(stopped)
    await asyncio.sleep(0.1)
    assert (running.done(), await next_block(sessions)) == (False, before)
    (told,) = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert told.facts["event"] == "Transfer"  # type: ignore[attr-defined]  # what the file of logs shows beside it
    stop.set()
    await running


class Garbling(Rpc):
    """A node that cuts the data of one block's events short."""

    def __init__(self, url: str, block: int) -> None:
        super().__init__(url)
        self._block = hex(block)

    async def exchange(self, body: Any) -> Reply:
        reply = await super().exchange(body)
        answers: Any = msgspec.json.decode(reply.body)
        for answer in answers if isinstance(answers, list) else [answers]:
            for log in answer["result"] if isinstance(answer.get("result"), list) else []:
                if log.get("blockNumber") == self._block:
                    log["data"] = log["data"][:-2]
        return replace(reply, body=msgspec.json.encode(answers))


async def test_a_log_of_ours_that_cannot_be_decoded_is_not_passed_over(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    before = await next_block(sessions)
    await give_dollars(rpc, network, "Ada", 1)
    block = await give_dollars(rpc, network, "Ben", 2)
    async with Garbling(rpc.url, block) as node:
        with pytest.raises(PoisonousEvent) as refused:
            await (await make_indexer(sessions, node)).catch_up()
    assert (refused.value.facts["blockNumber"], refused.value.facts["event"]) == (block, "Transfer")
    assert await next_block(sessions) == before
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(ChainEvent)) == 0


async def test_another_endpoint_that_shows_it_whole_is_believed(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    block = await give_dollars(rpc, network, "Ben", 2)
    async with Garbling(rpc.url, block) as node:
        indexer = Indexer(sessions, Endpoints([node, rpc]), CHAIN_ID, mirrors=MIRRORS, window=WINDOW)
        await indexer.catch_up()
    assert (await dollars(sessions, "Ben"), await drifts(sessions, rpc, network)) == (2, [])
