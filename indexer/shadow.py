"""A schema beside the live one, with tables of the same shape for the rows of one chain, and how the two differ."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, MetaData, Table, and_, delete, exists, func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.models import Chain
from ledger.db.base import Base
from ledger.db.session import Sessions, create_engine, create_sessions
from ledger.events import standing, withdraw_those
from ledger.events.models import OutboxEvent

PLACE = ("chain_id", "block_number", "log_index")
FACT = ("name", "aggregate", "data", *PLACE)
"""What makes a fact what it is: not when it was written, nor under which id."""


@dataclass(frozen=True, slots=True)
class TableChanges:
    """How many rows of a live table a rebuild has changed."""

    table: str
    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class Shadow:
    """The schema, and sessions that see its tables only."""

    schema: str
    chain_id: int
    sessions: Sessions

    def of(self, live: Table) -> Table:
        """The live table's shadow."""
        return live.to_metadata(MetaData(), schema=self.schema)

    async def copy(self, session: AsyncSession, rows: type[Base], *which: ColumnElement[bool]) -> None:
        """Copies the chain's live rows that meet the conditions, as the session sees them."""
        live = table_of(rows)
        names = [column.name for column in live.columns]
        kept = select(*live.columns).where(live.c.chain_id == self.chain_id, *which)
        await session.execute(insert(self.of(live)).from_select(names, kept))

    async def cursor(self, session: AsyncSession) -> dict[str, Any]:
        """The columns of the chain's row that say how far the shadow is, with their values."""
        chain = self.of(table_of(Chain)).c
        told = await session.execute(select(chain.next_block, chain.last_hash, chain.confirmed_block))
        return dict(told.mappings().one())


def table_of(rows: type[Base]) -> Table:
    """The table that keeps these rows."""
    table = rows.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{rows.__name__} is kept in no table of its own")
    return table


@asynccontextmanager
async def shadowed(
    sessions: Sessions, database_url: str, chain_id: int, rows: Sequence[type[Base]]
) -> AsyncIterator[Shadow]:
    """An empty shadow of these tables, gone at the end. What a run that was killed has left is dropped first."""
    schema = f"rebuild_{chain_id}"
    async with sessions.begin() as session:
        await session.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        await session.execute(text(f"CREATE SCHEMA {schema}"))
        for each in rows:
            name = table_of(each).name
            await session.execute(text(f"CREATE UNLOGGED TABLE {schema}.{name} (LIKE {name} INCLUDING ALL)"))
    engine = create_engine(database_url, pool_size=2, schema=schema)
    try:
        yield Shadow(schema, chain_id, create_sessions(engine))
    finally:
        await engine.dispose()
        async with sessions.begin() as session:
            await session.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))


async def replace_differing(
    session: AsyncSession, shadow: Shadow, rows: type[Base], first_block: int | None = None
) -> TableChanges:
    """Makes the chain's live rows those of the shadow, and touches none that is the same in both.

    With a `first_block` only what belongs to it and to later blocks is compared.
    """
    live = table_of(rows)
    shaded = shadow.of(live).alias("shadow")
    compared = [live.c.chain_id == shadow.chain_id]
    wanted = [shaded.c.chain_id == shadow.chain_id]
    if first_block is not None:
        compared.append(live.c.block_number >= first_block)
        wanted.append(shaded.c.block_number >= first_block)
    changed = await count_changed(session, shadow, rows, *compared)
    same = exists().where(_same_key(live, shaded), *(live.c[n].is_not_distinct_from(shaded.c[n]) for n in _rest(live)))
    gone = await session.execute(delete(live).where(*compared, ~same.correlate(live)).returning(live.c.chain_id))
    removed = len(gone.all()) - changed
    there = exists().where(_same_key(live, shaded)).correlate(shaded)
    names = [column.name for column in live.columns]
    missing = select(*shaded.columns).where(*wanted, ~there)
    added = len((await session.execute(insert(live).from_select(names, missing).returning(live.c.chain_id))).all())
    return TableChanges(live.name, added - changed, changed, removed)


async def count_changed(session: AsyncSession, shadow: Shadow, rows: type[Base], *which: ColumnElement[bool]) -> int:
    """How many live rows are in the shadow too, and not the same there."""
    live = table_of(rows)
    shaded = shadow.of(live).alias("shadow")
    differ = or_(*(live.c[name].is_distinct_from(shaded.c[name]) for name in _rest(live)))
    found = select(func.count()).select_from(live.join(shaded, _same_key(live, shaded))).where(differ, *which)
    return await session.scalar(found) or 0


async def tell_differing(session: AsyncSession, shadow: Shadow) -> TableChanges:
    """Withdraws the facts that the shadow does not tell, and tells those that only it does."""
    live = table_of(OutboxEvent)
    told = shadow.of(live).alias("shadow")
    taken_back = told.alias("withdrawal")
    stands = and_(told.c.chain_id == shadow.chain_id, ~exists().where(taken_back.c.withdraws == told.c.event_id))
    same = and_(*(live.c[name] == told.c[name] for name in FACT if name not in PLACE))
    same_place = and_(*(live.c[name] == told.c[name] for name in PLACE))
    held = exists().where(stands, same, same_place).correlate(live)
    removed = await withdraw_those(session, shadow.chain_id, ~held)
    # What was told before facts had a place is known by what it says.
    known = or_(and_(standing(shadow.chain_id), same_place), live.c.block_number.is_(None))
    missing = (
        select(*(told.c[name] for name in FACT))
        .where(stands, ~exists().where(same, known).correlate(told))
        .order_by(told.c.position)
    )
    added = await session.execute(insert(live).from_select(FACT, missing).returning(live.c.position))
    return TableChanges(live.name, len(added.all()), 0, removed)


def _same_key(live: Table, shaded: FromClause) -> ColumnElement[bool]:
    return and_(*(live.c[column.name] == shaded.c[column.name] for column in live.primary_key.columns))


def _rest(table: Table) -> list[str]:
    """The columns that are not of the key."""
    return [column.name for column in table.columns if not column.primary_key]
