"""Alembic's entry: one connection, one transaction for all migrations."""

import asyncio
import importlib
from typing import Literal

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.db.base import Base
from ledger.db.session import async_url
from ledger.db.types import QuantityType

# Every module that holds rows; a new one is listed here, and a test finds those that are missing.
MODELS = (
    "ledger.db.idempotency",
    "ledger.db.sequences",
    "ledger.chain.models",
    "ledger.events.models",
    "ledger.accounts.models",
    "ledger.footprint.models",
    "ledger.credits.models",
    "ledger.credits.mirror_models",
    "ledger.market.models",
    "ledger.market.mirror_models",
)


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """In a migration a quantity is the plain column that it is stored in."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, QuantityType) else False


def migrate(connection: Connection) -> None:
    """Runs the migrations on an open connection."""
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True, render_item=render_item)
    with context.begin_transaction():
        connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        context.run_migrations()


async def connect_and_migrate(database_url: str) -> None:
    """Opens the connection for the run of the migrations, and closes it."""
    engine = create_async_engine(async_url(database_url), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


for name in MODELS:
    importlib.import_module(name)
asyncio.run(connect_and_migrate(context.config.attributes["database_url"]))
