"""What was told of a block that the chain took back is withdrawn, once; told anew when the chain brings it again."""

from typing import Any

from sqlalchemy import select

from ledger.chain import Network, Relayer, Rpc
from ledger.db.session import Sessions
from ledger.events.models import OutboxEvent
from tests.support.chain import until_done
from tests.support.indexing import make_indexer
from tests.support.issuing import issue_credits
from tests.support.killing import KILLED, in_a_process

FIRST, SECOND = "CRD-2025-000001", "CRD-2025-000002"


async def told(sessions: Sessions) -> list[tuple[str, str]]:
    """Every event's name and aggregate, in the order in which they were told."""
    async with sessions() as session:
        rows = await session.execute(select(OutboxEvent.name, OutboxEvent.aggregate).order_by(OutboxEvent.position))
        return [(name, aggregate) for name, aggregate in rows]


async def newest(sessions: Sessions, name: str) -> OutboxEvent:
    async with sessions() as session:
        named = select(OutboxEvent).where(OutboxEvent.name == name).order_by(OutboxEvent.position.desc()).limit(1)
        return (await session.scalars(named)).one()


async def test_a_fact_is_withdrawn_with_its_block_and_told_anew_when_it_comes_again(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    indexer = await make_indexer(sessions, rpc)
    await issue_credits(sessions, rpc, network, database_url, {1: 100})
    await indexer.catch_up()
    snapshot = await rpc.call("evm_snapshot")
    await issue_credits(sessions, rpc, network, database_url, {2: 50})
    await indexer.catch_up()
    issued = await newest(sessions, "credit.issued")
    assert await rpc.call("evm_revert", snapshot)
    await indexer.catch_up()

    so_far = [("credit.issued", FIRST), ("credit.issued", SECOND), ("fact.withdrawn", SECOND)]
    assert await told(sessions) == so_far
    withdrawal = await newest(sessions, "fact.withdrawn")
    named: dict[str, Any] = {
        "eventId": str(issued.event_id),
        "name": "credit.issued",
        "chainId": network.chain_id,
        "blockNumber": issued.block_number,
        "logIndex": issued.log_index,
    }
    assert withdrawal.data == named

    again = await rpc.call("evm_snapshot")
    await until_done(Relayer(sessions, rpc, network, database_url), sessions)
    await indexer.catch_up()
    so_far.append(("credit.issued", SECOND))
    assert await told(sessions) == so_far, "the same fact, in another block of the same height"

    assert await rpc.call("evm_revert", again)
    await indexer.catch_up()
    so_far.append(("fact.withdrawn", SECOND))
    assert await told(sessions) == so_far, "only what was told anew is withdrawn now"
    assert (await newest(sessions, "fact.withdrawn")).withdraws == (await newest(sessions, "credit.issued")).event_id


async def test_a_kill_during_the_rewind_withdraws_nothing_and_the_next_start_withdraws_once(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    snapshot = await rpc.call("evm_snapshot")
    await issue_credits(sessions, rpc, network, database_url, {1: 100})
    await (await make_indexer(sessions, rpc)).catch_up()
    assert await rpc.call("evm_revert", snapshot)
    code, said = await in_a_process("index_once", database_url, rpc.url, fault="before_rewind_commit")
    assert code == KILLED, said
    assert await told(sessions) == [("credit.issued", FIRST)]

    await (await make_indexer(sessions, rpc)).catch_up()
    assert await told(sessions) == [("credit.issued", FIRST), ("fact.withdrawn", FIRST)]
