"""Many rows at once, through the driver, inside the session's own transaction."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession


async def driver_connection(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection under the session, with the session's transaction begun on it.

    SQLAlchemy's adapter begins the transaction at its first statement, not when the connection is taken: without that
    statement a COPY would commit on its own.
    """
    connection = await session.connection()
    await connection.exec_driver_sql("SELECT 1")
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError(f"expected asyncpg underneath, got {type(driver).__name__}")
    if not driver.is_in_transaction():
        raise RuntimeError("the driver is in no transaction: rows copied now would not be rolled back")
    return driver


async def copy_rows(session: AsyncSession, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Appends the rows to the table by COPY, as part of the session's transaction."""
    if rows:
        driver = await driver_connection(session)
        await driver.copy_records_to_table(table, columns=list(columns), records=rows)
