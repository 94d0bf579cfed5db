"""Whether a run did all of its work: every row, every balance, every fact told."""

from dataclasses import asdict, dataclass

import asyncpg

from benchmarks.indexing.rig import Rig, WorkSkipped
from benchmarks.indexing.trading import Told
from ledger.chain.reader import ChainReader
from ledger.db.session import create_engine, create_sessions
from ledger.reconcile import verify

BLOCKS_AT_ONCE = 100

COUNTS = """
SELECT (SELECT count(*) FROM chain_events) AS events,
       (SELECT count(*) FROM minted_credits) AS issued,
       (SELECT count(*) FROM market_orders) AS placed,
       (SELECT count(*) FROM market_fills) AS filled,
       (SELECT count(*) FROM retired_credits) AS retired,
       (SELECT count(*) FROM outbox) AS facts
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a run must leave behind."""

    events: int
    issued: int
    placed: int
    filled: int
    retired: int
    facts: int


async def count_logs(rig: Rig) -> int:
    """How many events of ours the node has."""
    rpc, number = rig.world.chain.rpc, 0
    head = int(await rpc.call("eth_blockNumber"), 16)
    for first in range(0, head + 1, BLOCKS_AT_ONCE):
        last = min(head, first + BLOCKS_AT_ONCE - 1)
        wanted = {"address": rig.addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        number += len(await rpc.call("eth_getLogs", wanted))
    return number


async def check_index(rig: Rig, database_url: str, told: Told, logs: int) -> None:
    """Counts the rows of every mirror, and holds every balance, sum and status against the chain.

    Raises:
        WorkSkipped: something is missing or wrong.
    """
    facts = told.issued + told.filled + told.retired
    wanted = asdict(Counts(logs, told.issued, told.placed, told.filled, told.retired, facts))
    connection = await asyncpg.connect(database_url)
    (row,) = await connection.fetch(COUNTS)
    await connection.close()
    if dict(row) != wanted:
        raise WorkSkipped(f"the indexer left {dict(row)}, the chain has {wanted}")
    engine = create_engine(database_url)
    async with ChainReader(rig.rpc_url, rig.world.contracts) as reader:
        verification = await verify(create_sessions(engine), reader, rig.world.chain.chain_id)
    await engine.dispose()
    if drifts := [str(drift) for finding in verification.findings for drift in finding.drifts]:
        raise WorkSkipped(f"the mirror differs from the chain: {drifts[:3]}")


async def check_copy(rig: Rig, database_url: str, indexed_url: str, logs: int) -> None:
    """The bare script too copied every event, and came to the same balances.

    Raises:
        WorkSkipped: it did not.
    """
    bare, indexed = await asyncpg.connect(database_url), await asyncpg.connect(indexed_url)
    copied = await bare.fetchval("SELECT count(*) FROM events")
    query = "SELECT holder, balance FROM balances WHERE token = $1 AND balance <> 0 AND holder <> $2"
    held = {row[0]: row[1] for row in await bare.fetch(query, rig.world.contracts.credit, bytes(20))}
    shown = await indexed.fetch("SELECT holder, balance_kg FROM credit_holdings WHERE balance_kg <> 0")
    mirrored = {row[0]: row[1] for row in shown}
    await bare.close()
    await indexed.close()
    if copied != logs or held != mirrored:
        raise WorkSkipped(f"the bare script copied {copied} of {logs} events, {len(held)} of {len(mirrored)} balances")


async def check_replay(database_url: str, events: int) -> None:
    """Every event of a replayed chain is there, and what went round adds up to what was issued.

    Raises:
        WorkSkipped: it does not.
    """
    connection = await asyncpg.connect(database_url)
    (row,) = await connection.fetch(
        "SELECT (SELECT count(*) FROM chain_events) = $1 AS has_all, (SELECT sum(balance_kg) FROM credit_holdings) = "
        "(SELECT sum(issued_kg - retired_kg) FROM credit_batches) AS adds_up",
        events,
    )
    await connection.close()
    if not (row["has_all"] and row["adds_up"]):
        raise WorkSkipped(f"of a replayed chain with {events} events: {dict(row)}")
