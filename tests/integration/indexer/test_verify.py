"""`ccm verify`: silent while mirror and chain agree, and precise about what was tampered with."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import Network, Relayer, Rpc, grant_verifier
from ledger.db.session import Sessions
from tests.support.chain import VERIFIER, queue_credits, until_done
from tests.support.indexing import give_dollars, make_indexer
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
async def credits_issued(sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> None:
    """A batch, three credits of one holder, and a holder of dollars, all mirrored."""
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    async with sessions.begin() as session:
        await queue_credits(session, network, network.custody.holder(1).address, {1: 100, 2: 50, 3: 25})
    await until_done(Relayer(sessions, rpc, network, database_url), sessions)
    await give_dollars(rpc, network, "Ada", 5)
    await (await make_indexer(sessions, rpc)).catch_up()


TAMPERINGS: list[Tampering] = [
    ("credit_holdings", "UPDATE credit_holdings SET balance_kg = balance_kg + 1 WHERE earned_kg > 0", {2, 4, 6}),
    ("credit_holdings", "DELETE FROM credit_holdings WHERE earned_kg > 0", {2, 4}),
    ("credit_batches", "UPDATE credit_batches SET buffered_kg = buffered_kg - 1, retired_kg = retired_kg + 1", {1, 3}),
    ("minted_credits", "DELETE FROM minted_credits WHERE credit_id = 'CRD-2025-000002'", {6}),
    ("minted_credits", "UPDATE minted_credits SET kg = kg + 1 WHERE credit_id = 'CRD-2025-000002'", {6}),
    ("minted_credits", "UPDATE minted_credits SET credit_id = 'CRD-2026-000002' WHERE kg > 60", {3, 6}),
    ("coin_holdings", "UPDATE coin_holdings SET balance_micros = balance_micros - 1", {6}),
    ("chain_events", "DELETE FROM chain_events WHERE name = 'CreditMinted'", {6, 10}),
    ("intents", "UPDATE intents SET log_index = 1000 WHERE kind = 'issue'", {10}),
]


@pytest.mark.usefixtures("credits_issued")
async def test_every_tampering_is_found(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    await check_each_is_found(sessions, rpc, network, TAMPERINGS)


@pytest.mark.usefixtures("credits_issued")
async def test_the_command_says_where_it_drifted(sessions: Sessions, database_url: str, anvil: EmbeddedAnvil) -> None:
    where = {"DATABASE_URL": database_url, "BLOCKCHAIN_RPC": anvil.url}
    code, told = await run_verify(**where)
    assert (code, "everything holds" in told) == (0, True), told

    await run(sessions, "UPDATE coin_holdings SET balance_micros = 6")
    code, told = await run_verify("--json", **where)
    answer: dict[str, Any] = json.loads(told)
    drifted = [found for found in answer["findings"] if not found["holds"]]
    assert (code, answer["holds"], [found["number"] for found in drifted]) == (1, False, [6])
    assert "the mirror says 6, the chain 5" in drifted[0]["drifts"][0]


async def test_a_folder_without_a_stack_is_used_wrongly(tmp_path: Path) -> None:
    code, told = await run_verify("--data", str(tmp_path))
    assert (code, "ccm up" in told) == (2, True), told
