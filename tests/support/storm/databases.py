"""The databases of the storm: the one that is indexed under fire, and the one that a fresh index fills in peace."""

from collections.abc import Mapping, Sequence

from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.db.base import Base
from ledger.db.session import Sessions, create_engine, create_sessions

KEPT = "kept"
"""The schema in which a database keeps its rows of the beginning."""

OURS = "storm"
"""What the connections call themselves that the storm itself works with."""

UNCOMPARED = {"chain_blocks"}
"""The window of a fresh index reaches as far down as one that rewound, or further."""
STANDING = """(
    SELECT * FROM outbox told
    WHERE withdraws IS NULL AND NOT EXISTS (SELECT FROM outbox later WHERE later.withdraws = told.event_id)
)"""
"""Of what was told, what still holds: the rest is the story of how the chain came to be as it is."""
INCIDENTAL = ["recorded_at", "event_id", "position"]
"""Columns that say when and how a row was written, not what it says."""

Rows = Mapping[str, Sequence[str]]
"""By table, every row as JSON. Each has a key, so that none comes twice."""


class StormDatabase:
    """A database that can be put back to its beginning. Its own connections are not among those that are terminated."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: AsyncEngine = create_engine(url, pool_size=2)
        event.listen(self._engine.sync_engine, "connect", _name_it)
        self.sessions: Sessions = create_sessions(self._engine)

    async def close(self) -> None:
        """Ends the connections."""
        await self._engine.dispose()

    async def begin(self) -> None:
        """Remembers the rows as they are now."""
        await self._run_script(
            f"CREATE SCHEMA {KEPT}",
            *(f"CREATE TABLE {KEPT}.{table} AS TABLE public.{table}" for table in _tables()),
        )

    async def start_over(self) -> None:
        """Puts the rows of the beginning back."""
        tables = _tables()
        await self._run_script(
            "SET LOCAL session_replication_role = replica",
            *(f"DELETE FROM {table}" for table in tables),
            *(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {KEPT}.{table}" for table in tables),
        )

    async def rows(self) -> Rows:
        """Everything that it says, table by table."""
        incidental = ",".join(INCIDENTAL)
        compared = [table for table in _tables() if table not in UNCOMPARED]
        told = " UNION ALL ".join(
            f"SELECT '{table}' AS name, (to_jsonb(row) - '{{{incidental}}}'::text[])::text AS said FROM {source} row"
            for table, source in ({each: each for each in compared} | {"outbox": STANDING}).items()
        )
        rows: dict[str, list[str]] = {table: [] for table in compared}
        async with self._engine.connect() as connection:
            for table, said in await connection.execute(text(f"{told} ORDER BY name")):
                rows[table].append(said)
        return rows

    async def terminate_connections(self, *, that_lock: bool) -> None:
        """Ends the connections of all others, or only those that hold the lead of a chain."""
        locks = "AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')" if that_lock else ""
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE datname = current_database() AND application_name <> '{OURS}' {locks}"
                )
            )

    async def _run_script(self, *statements: str) -> None:
        """Runs the statements in one transaction and one round trip."""
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None
            await raw.driver_connection.execute("BEGIN; " + "; ".join(statements) + "; COMMIT")


def differences(followed: Rows, fresh: Rows) -> list[str]:
    """The rows that only one of the two has."""
    return [
        f"{table}: only {who} {row}"
        for table in followed
        for who, rows, others in (("followed", followed, fresh), ("fresh", fresh, followed))
        for row in rows[table]
        if row not in others[table]
    ]


def _name_it(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET application_name = '{OURS}'")
    cursor.close()
    connection.commit()


def _tables() -> list[str]:
    return [table.name for table in Base.metadata.sorted_tables]
