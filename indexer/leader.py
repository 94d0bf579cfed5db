"""One indexer per chain leads, the others stand by. The cursor's fence protects the data; this only spares the work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.db.session import Sessions


class Lead:
    """The advisory lock of a chain's indexer, tried for on a connection of its own that lives as long as the lead."""

    def __init__(self, connection: AsyncConnection, name: str) -> None:
        self._connection = connection
        self._key = func.hashtextextended(name, 0)
        self.held = False

    async def take(self) -> bool:
        """Whether the lock is ours: taken now, or still held. Raises when the connection that held it is gone."""
        if self.held:
            await self._connection.execute(select(1))
        else:
            self.held = bool((await self._connection.execute(select(func.pg_try_advisory_lock(self._key)))).scalar())
        return self.held

    async def give_up(self) -> None:
        """Lets another one lead."""
        if self.held:
            await self._connection.execute(select(func.pg_advisory_unlock(self._key)))
            self.held = False


@asynccontextmanager
async def candidate(sessions: Sessions, chain_id: int, work: str = "indexer") -> AsyncIterator[Lead]:
    """A candidate for the lead in this work on a chain: given up at the end, or dead with its connection."""
    async with sessions() as session:
        connection = await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        lead = Lead(connection, f"{work} {chain_id}")
        try:
            yield lead
            await lead.give_up()
        except BaseException:
            await connection.invalidate()
            raise
