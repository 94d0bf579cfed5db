"""`ccm verify`: silent while mirror and chain agree, and precise about what was tampered with."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import Custody, Network, Relayer, Rpc, grant_verifier
from ledger.chain.models import ChainEvent
from ledger.chain.reader import ChainLog, ChainReader, NotOffered
from ledger.chain.rpc import to_hex
from ledger.db.session import Sessions
from ledger.reconcile import Samples, verify
from tests.support.chain import SEED, VERIFIER, batch_terms, queue_credits, until_done
from tests.support.indexing import CHAIN_ID, give_dollars, holder, make_indexer
from tests.support.verifying import Tampering, check_each_is_found, run

ROOT = Path(__file__).resolve().parents[3]


async def run_verify(*arguments: str, **environment: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccm", "verify", *arguments),
        cwd=ROOT,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return process.returncode, told.decode()


@pytest_asyncio.fixture
async def credits_issued(sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> int:
    """A batch, three credits of one holder, and a holder of dollars, all mirrored; the block of the dollars."""
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    async with sessions.begin() as session:
        await queue_credits(session, network, network.custody.holder(1).address, {1: 100, 2: 50, 3: 25})
    await until_done(Relayer(sessions, rpc, network, database_url), sessions)
    block = await give_dollars(rpc, network, "Ada", 5)
    await (await make_indexer(sessions, rpc)).catch_up()
    return block


TAMPERINGS: list[Tampering] = [
    ("credit_holdings", "UPDATE credit_holdings SET balance_kg = balance_kg + 1 WHERE earned_kg > 0", {2, 4, 6}),
    ("credit_holdings", "DELETE FROM credit_holdings WHERE earned_kg > 0", {2, 4, 6}),
    ("credit_holdings", "UPDATE credit_holdings SET earned_kg = earned_kg + 1 WHERE earned_kg > 0", {6}),
    ("credit_batches", "UPDATE credit_batches SET buffered_kg = buffered_kg - 1, retired_kg = retired_kg + 1", {1, 3}),
    ("minted_credits", "DELETE FROM minted_credits WHERE credit_id = 'CRD-2025-000002'", {6}),
    ("minted_credits", "UPDATE minted_credits SET kg = kg + 1 WHERE credit_id = 'CRD-2025-000002'", {6}),
    ("minted_credits", "UPDATE minted_credits SET credit_id = 'CRD-2026-000002' WHERE kg > 60", {3, 6}),
    ("credit_batches", "UPDATE credit_batches SET country = 'DE'", {6}),
    ("credit_batches", "DELETE FROM credit_batches", {1, 2, 4, 6}),
    ("coin_holdings", "UPDATE coin_holdings SET balance_micros = balance_micros - 1", {6}),
    ("coin_holdings", "DELETE FROM coin_holdings", {6}),
    (
        "used_authorizations",
        f"INSERT INTO used_authorizations VALUES (31337, '{'a' * 20}', '{'n' * 32}', false, 3)",
        {3, 6},
    ),
    ("chain_blocks", "UPDATE chain_blocks SET parent_hash = block_hash", {6}),
    (
        "chain_events",
        "UPDATE chain_events SET arguments = arguments || '{\"amount\": \"7\"}' WHERE name = 'CreditMinted'",
        {6},
    ),
    ("chain_events", "DELETE FROM chain_events WHERE name = 'CreditMinted'", {6, 10}),
    ("intents", "UPDATE intents SET log_index = 1000 WHERE kind = 'issue'", {10}),
]


@pytest.mark.usefixtures("credits_issued")
async def test_every_tampering_is_found(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    await check_each_is_found(sessions, rpc, network, TAMPERINGS)


async def test_the_command_says_where_it_drifted_and_what_repairs_it(
    sessions: Sessions, database_url: str, anvil: EmbeddedAnvil, credits_issued: int
) -> None:
    ada = credits_issued
    where = {"DATABASE_URL": database_url, "BLOCKCHAIN_RPC": anvil.url}
    code, told = await run_verify(**where)
    assert (code, "everything holds" in told) == (0, True), told

    await run(sessions, "UPDATE coin_holdings SET balance_micros = 6")
    code, told = await run_verify("--json", **where)
    answer: dict[str, Any] = json.loads(told)
    (polygon,) = answer["networks"]
    (drifted,) = [found for found in polygon["findings"] if not found["holds"]]
    (row, total) = drifted["drifts"]
    assert (code, answer["holds"], drifted["number"]) == (1, False, 6)
    assert (row["table"], row["key"], row["block"]) == ("coin_holdings", "0x" + holder("Ada").hex(), ada)
    assert "the mirror says 6, the chain 5" in row["says"]
    assert (total["key"], total["block"]) == ("all (micros)", None)
    assert polygon["rebuildFrom"] == ada

    code, told = await run_verify(**where)
    assert (code, f"ccm indexer rebuild --network polygon --from {ada}" in told) == (1, True), told


async def test_a_folder_without_a_stack_is_used_wrongly(tmp_path: Path) -> None:
    code, told = await run_verify("--data", str(tmp_path))
    assert (code, "ccm up" in told) == (2, True), told


class Forgetful(ChainReader):
    """A node whose index of events has lost those of one block, as the mirror's own node had."""

    lost = 0
    unknown = ""
    """A method that it does not know."""

    async def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[ChainLog]:
        return [log for log in await super().logs(addresses, first, last) if log.block_number != self.lost]

    async def _ask(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        if any(method == self.unknown for method, _ in requests):
            raise NotOffered("The node does not offer this.")
        return await super()._ask(requests)


@pytest_asyncio.fixture
async def forgetful(rpc: Rpc, network: Network) -> AsyncIterator[Forgetful]:
    async with Forgetful(rpc.url, network.contracts) as reader:
        yield reader


@pytest.mark.parametrize("unknown", ["", "eth_getBlockReceipts"], ids=["block receipts", "receipts one by one"])
@pytest.mark.parametrize("where", ["an empty block", "a block with other events"])
async def test_an_event_that_the_nodes_index_has_lost_shows_in_bloom_and_receipts(
    sessions: Sessions, forgetful: Forgetful, credits_issued: int, where: str, unknown: str
) -> None:
    block = credits_issued
    if where == "an empty block":
        await run(sessions, f"DELETE FROM chain_events WHERE block_number = {block}")
        what = "sampled blocks without an event have none by their bloom"
    else:
        async with sessions() as session:
            minted = select(ChainEvent.block_number).where(ChainEvent.name == "CreditMinted").limit(1)
            block = await session.scalar(minted) or 0
        await run(sessions, "DELETE FROM chain_events WHERE name = 'CreditMinted'")
        what = "sampled blocks have the events of their receipts"
    forgetful.lost, forgetful.unknown = block, unknown
    verified = await verify(sessions, forgetful, CHAIN_ID, Samples(None))
    (found,) = [found for found in verified.findings if found.what == what]
    assert block in {drift.block for drift in found.drifts}
    assert all(drift.table == "chain_events" for drift in found.drifts)


async def test_samples_are_the_same_for_the_same_seed(
    sessions: Sessions, network: Network, anvil: EmbeddedAnvil, credits_issued: int
) -> None:
    await run(sessions, f"UPDATE chain_events SET arguments = '{{}}' WHERE block_number = {credits_issued}")
    found: dict[int, bool] = {}
    async with ChainReader(anvil.url, network.contracts) as reader:
        for seed in (*range(6), *range(6)):
            verified = await verify(sessions, reader, network.chain_id, Samples(2, seed))
            assert found.setdefault(seed, verified.holds) == verified.holds
    assert set(found.values()) == {True, False}


MISSING = {
    "coin_holdings": ("every balance of the coin: mirror = chain", holder("Ada")),
    "credit_holdings": ("every balance of credits: mirror = chain", Custody(SEED).holder(1).address),
    "credit_batches": (
        "per batch: issued = circulating + buffered + retired + cancelled, mirror = chain",
        b"",  # the network's only one
    ),
}


@pytest.mark.parametrize("table", MISSING)
async def test_a_row_that_is_missing_is_named_as_one_that_is_wrong(
    sessions: Sessions, forgetful: Forgetful, network: Network, credits_issued: int, table: str
) -> None:
    what, key = MISSING[table]
    await run(sessions, f"DELETE FROM {table}")
    verified = await verify(sessions, forgetful, CHAIN_ID)
    (found,) = [found for found in verified.findings if found.what == what]
    named = {(drift.table, drift.key): drift.block for drift in found.drifts}
    block = named[table, to_hex(key or batch_terms(network).batch_id)]
    assert block == credits_issued if table == "coin_holdings" else block is not None
