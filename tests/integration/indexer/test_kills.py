"""Kill -9 at each of the indexer's fault points: the next start goes on, nothing is lost, nothing is doubled."""

import pytest
from sqlalchemy import select

from ledger.chain import Network, Rpc
from ledger.db.session import Sessions
from ledger.kernel.faults import FaultPoint
from ledger.market.mirror_models import CoinHolding
from tests.support.indexing import give_dollars, holder, make_indexer
from tests.support.killing import KILLED, in_a_process
from tests.support.verifying import drifts


async def dollars(sessions: Sessions) -> int | None:
    async with sessions() as session:
        return await session.scalar(select(CoinHolding.balance_micros).where(CoinHolding.holder == holder("Ada")))


@pytest.mark.parametrize("point", ["after_chunk_decoded", "before_cursor_commit", "after_cursor_commit"])
async def test_a_kill_while_a_chunk_is_taken_in(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str, point: FaultPoint
) -> None:
    await give_dollars(rpc, network, "Ada", 5)
    code, told = await in_a_process("index_once", database_url, rpc.url, fault=point)
    assert (code, f"fault point reached: {point}" in told) == (KILLED, True), told
    assert await dollars(sessions) == (5 if point == "after_cursor_commit" else None)

    await give_dollars(rpc, network, "Ada", 7)
    await (await make_indexer(sessions, rpc)).catch_up()
    assert await dollars(sessions) == 12
    assert await drifts(sessions, rpc, network) == []


async def test_a_kill_while_a_reorg_is_followed_back(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    await give_dollars(rpc, network, "Ada", 5)
    snapshot = await rpc.call("evm_snapshot")
    await give_dollars(rpc, network, "Ada", 100)
    await (await make_indexer(sessions, rpc)).catch_up()
    await rpc.call("evm_revert", snapshot)
    code, told = await in_a_process("index_once", database_url, rpc.url, fault="before_rewind_commit")
    assert (code, "fault point reached: before_rewind_commit" in told) == (KILLED, True), told
    assert await dollars(sessions) == 105

    await (await make_indexer(sessions, rpc)).catch_up()
    assert await dollars(sessions) == 5
    assert await drifts(sessions, rpc, network) == []
