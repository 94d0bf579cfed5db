"""What `ccm verify` would complain about."""

from collections.abc import Sequence

from sqlalchemy import text

from ledger.chain import Network, Rpc
from ledger.chain.reader import ChainReader
from ledger.db.session import Sessions
from ledger.reconcile import Finding, verify


async def drifts(sessions: Sessions, rpc: Rpc, network: Network) -> list[Finding]:
    """The invariants that do not hold."""
    async with ChainReader(rpc.url, network.contracts) as reader:
        return [found for found in (await verify(sessions, reader, network.chain_id)).findings if not found.holds]


Tampering = tuple[str, str, set[int]]
"""A table, what is done to it, and the numbers of the invariants that it breaks."""


async def check_each_is_found(sessions: Sessions, rpc: Rpc, network: Network, tamperings: Sequence[Tampering]) -> None:
    """Tampers in each of these ways, one at a time: the invariants that it breaks do not hold, and all others do."""
    assert await drifts(sessions, rpc, network) == []
    for table, statement, numbers in tamperings:
        await run(sessions, f"CREATE TABLE kept AS TABLE {table}", statement)
        assert {found.number for found in await drifts(sessions, rpc, network)} == numbers, statement
        await run(sessions, f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept", "DROP TABLE kept")
    assert await drifts(sessions, rpc, network) == []


async def run(sessions: Sessions, *statements: str) -> None:
    """Runs SQL in one transaction."""
    async with sessions.begin() as session:
        for statement in statements:
            await session.execute(text(statement))
