"""Many rows at once, through the driver, inside the session's own transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import JSON
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.db.base import Base


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
    """Appends the rows to the table by COPY, as part of the session's transaction.

    Raises:
        DBAPIError: of the kind that the session's own statements raise for the same.
    """
    if rows:
        driver = await driver_connection(session)
        try:
            await driver.copy_records_to_table(table, columns=list(columns), records=rows)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _wrapped(error, table) from error


def _wrapped(error: Exception, table: str) -> DBAPIError:
    """The driver's error as SQLAlchemy gives it: whoever catches errors need not know how the rows went in."""
    kinds: tuple[tuple[type[Exception], type[DBAPIError]], ...] = (
        (asyncpg.IntegrityConstraintViolationError, IntegrityError),
        (asyncpg.DataError, DataError),
        (asyncpg.SyntaxOrAccessError, ProgrammingError),
    )
    wrapped = next((wrapped for kind, wrapped in kinds if isinstance(error, kind)), OperationalError)
    return wrapped(f"COPY {table}", None, error)


async def add_rows(session: AsyncSession, rows: type[Base], values: Sequence[Mapping[str, Any]]) -> None:
    """Appends rows of a table, each given by its columns' names: the same ones in all of them, the rest by default."""
    if not values:
        return
    columns = list(values[0])
    is_json = [isinstance(rows.__table__.c[column].type, JSON) for column in columns]
    plain = [
        tuple(_json(value[column]) if json else value[column] for column, json in zip(columns, is_json, strict=True))
        for value in values
    ]
    await copy_rows(session, rows.__tablename__, columns, plain)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
