"""A mirror that drifted is made good beside the running one, and nobody who reads meanwhile sees a gap."""

import asyncio

import pytest
import pytest_asyncio
from sqlalchemy import select, text

from ledger.chain import Network, Relayer, Rpc, grant_verifier
from ledger.db.session import Sessions
from ledger.kernel.errors import InvalidInput
from ledger.kernel.faults import FaultPoint
from ledger.market.mirror_models import CoinHolding
from tests.support.chain import VERIFIER, eventually, queue_credits, until_done
from tests.support.indexing import CHAIN_ID, WINDOW, give_dollars, holder, make_indexer, make_rebuild
from tests.support.killing import KILLED, in_a_process
from tests.support.verifying import drifts, run

OTHER_CHAIN = 137
FACT = "name, aggregate, data, chain_id, block_number, log_index"


async def dollars(sessions: Sessions, name: str = "Ada") -> int | None:
    async with sessions() as session:
        return await session.scalar(select(CoinHolding.balance_micros).where(CoinHolding.holder == holder(name)))


async def shadows(sessions: Sessions) -> int:
    async with sessions() as session:
        return len((await session.execute(text("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'rebuild%'"))).all())


@pytest_asyncio.fixture
async def first_block(sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> int:
    """Three credits of one holder and dollars of Ada's, mirrored, all of them final; the block of Ada's dollars."""
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    async with sessions.begin() as session:
        await queue_credits(session, network, network.custody.holder(1).address, {1: 100, 2: 50, 3: 25})
    await until_done(Relayer(sessions, rpc, network, database_url), sessions)
    block = await give_dollars(rpc, network, "Ada", 5)
    await rpc.call("anvil_mine", hex(2 * WINDOW))
    await give_dollars(rpc, network, "Ben", 7)
    await (await make_indexer(sessions, rpc)).catch_up()
    return block


DAMAGE = {
    "a balance": ("UPDATE credit_holdings SET balance_kg = balance_kg + 1", {"credit_holdings": (0, 2, 0)}),
    "a holder who is missing": (f"DELETE FROM coin_holdings WHERE chain_id = {CHAIN_ID}", {"coin_holdings": (2, 0, 0)}),
    "a holder who never was": (
        f"INSERT INTO coin_holdings VALUES ({CHAIN_ID}, '\\x{'ee' * 20}', 5)",
        {"coin_holdings": (0, 0, 1)},
    ),
    "a credit of another name": (
        "UPDATE minted_credits SET credit_id = 'CRD-2026-000002' WHERE kg > 60",
        {"minted_credits": (0, 1, 0)},
    ),
    "an intent that another event closed": (
        "UPDATE intents SET log_index = 1000 WHERE kind = 'issue'",
        {"intents": (0, 3, 0)},
    ),
    "a fact that was never told": (
        "DELETE FROM outbox WHERE data ->> 'creditId' = 'CRD-2025-000002'",
        {"outbox": (1, 0, 0)},
    ),
    "a fact that never was": (
        f"INSERT INTO outbox ({FACT}) VALUES ('credit.issued', 'CRD-2099-000001', '{{}}', {CHAIN_ID}, 7, 7)",
        {"outbox": (0, 0, 1)},
    ),
    "an event that is missing": ("DELETE FROM chain_events WHERE name = 'CreditMinted'", {"chain_events": (3, 0, 0)}),
}


@pytest.mark.usefixtures("first_block")
async def test_whatever_drifted_is_repaired_and_nothing_else_is_touched(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    await run(sessions, f"INSERT INTO coin_holdings VALUES ({OTHER_CHAIN}, '\\x{'aa' * 20}', 3)")
    rebuild = await make_rebuild(sessions, rpc, database_url)
    for what, (damage, expected) in DAMAGE.items():
        await run(sessions, damage)
        rebuilt = await rebuild.run(0)
        found = {t.table: (t.added, t.changed, t.removed) for t in rebuilt.tables if t.added or t.changed or t.removed}
        assert found == expected, what
        assert await drifts(sessions, rpc, network) == [], what
    assert (await rebuild.run(0)).rows == 0
    async with sessions() as session:
        kept = select(CoinHolding.balance_micros).where(CoinHolding.chain_id == OTHER_CHAIN)
        assert await session.scalar(kept) == 3
    assert await shadows(sessions) == 0


async def test_events_below_the_block_are_trusted_and_those_above_fetched_again(
    sessions: Sessions, rpc: Rpc, database_url: str, first_block: int
) -> None:
    lost = f"DELETE FROM chain_events WHERE block_number = {first_block}"
    await run(sessions, lost, "UPDATE coin_holdings SET balance_micros = 9")
    rebuild = await make_rebuild(sessions, rpc, database_url)
    await rebuild.run(first_block + 1)
    assert (await dollars(sessions), await dollars(sessions, "Ben")) == (None, 7)

    rebuilt = await rebuild.run(first_block)
    assert (rebuilt.first_block, await dollars(sessions)) == (first_block, 5)


async def test_what_a_reorg_may_still_reach_is_fetched_again_whatever_block_is_named(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str, first_block: int
) -> None:
    await run(sessions, f"DELETE FROM chain_events WHERE block_number > {first_block}")
    last = await give_dollars(rpc, network, "Ada", 1)
    await (await make_indexer(sessions, rpc)).catch_up()
    rebuilt = await (await make_rebuild(sessions, rpc, database_url)).run(last)
    assert (rebuilt.rows, rebuilt.first_block > first_block, await drifts(sessions, rpc, network)) == (1, True, [])


async def test_nobody_sees_a_gap_while_the_chain_goes_on(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str, first_block: int
) -> None:
    await run(sessions, "UPDATE coin_holdings SET balance_micros = 6 WHERE balance_micros = 5")
    stop, seen, mined = asyncio.Event(), set(), 0
    indexer = await make_indexer(sessions, rpc)

    async def read() -> None:
        while not stop.is_set():
            seen.add((await dollars(sessions), (await dollars(sessions, "Ben") or 0) >= 7))

    async def mine() -> None:
        nonlocal mined
        while not stop.is_set():
            await give_dollars(rpc, network, "Ben", 1)
            mined += 1

    async with asyncio.TaskGroup() as others:
        for work in (indexer.run(stop), read(), mine()):
            others.create_task(work)
        try:
            await eventually(lambda: _holds(mined > 1))
            before = mined
            await (await make_rebuild(sessions, rpc, database_url)).run(first_block)
            assert mined > before
        finally:
            stop.set()
    await indexer.catch_up()

    assert seen == {(6, True), (5, True)}
    assert await dollars(sessions, "Ben") == 7 + mined
    assert await drifts(sessions, rpc, network) == []


async def _holds(condition: bool) -> bool:  # noqa: FBT001  # what `eventually` asks
    return condition


@pytest.mark.parametrize("point", ["before_cursor_commit:2", "before_rebuild_commit"])
async def test_a_kill_leaves_the_live_rows_untouched_and_the_next_run_starts_clean(
    sessions: Sessions, rpc: Rpc, database_url: str, first_block: int, point: FaultPoint
) -> None:
    await run(sessions, "UPDATE coin_holdings SET balance_micros = 6 WHERE balance_micros = 5")
    code, told = await in_a_process("rebuild_once", database_url, rpc.url, str(first_block), fault=point)
    assert (code, "fault point reached" in told) == (KILLED, True), told
    assert (await dollars(sessions), await shadows(sessions)) == (6, 1)

    await (await make_rebuild(sessions, rpc, database_url)).run(first_block)
    assert (await dollars(sessions), await dollars(sessions, "Ben"), await shadows(sessions)) == (5, 7, 0)


async def test_a_dry_run_says_what_it_would_change_and_changes_nothing(
    sessions: Sessions, rpc: Rpc, database_url: str, first_block: int
) -> None:
    await run(sessions, "UPDATE coin_holdings SET balance_micros = 6 WHERE balance_micros = 5")
    rebuild = await make_rebuild(sessions, rpc, database_url)
    assert (await rebuild.run(first_block, dry=True)).rows == 1
    assert (await dollars(sessions), await shadows(sessions)) == (6, 0)
    with pytest.raises(InvalidInput, match="not mirrored"):
        await rebuild.run(10_000)


async def test_a_reorg_meanwhile_is_followed(sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> None:
    snapshot = await rpc.call("evm_snapshot")
    block = await give_dollars(rpc, network, "Ada", 5)
    indexer = await make_indexer(sessions, rpc)
    await indexer.catch_up()
    await rpc.call("evm_revert", snapshot)
    for _ in range(3):
        await give_dollars(rpc, network, "Ben", 7)
    await (await make_rebuild(sessions, rpc, database_url)).run(block)
    assert (await dollars(sessions), await dollars(sessions, "Ben")) == (None, 21)
    assert await drifts(sessions, rpc, network) == []
    await indexer.catch_up()
    assert await drifts(sessions, rpc, network) == []
