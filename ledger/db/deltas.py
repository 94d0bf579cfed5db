"""Signed changes to many rows in one statement. For tables with a single writer: what is read is what is replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    LargeBinary,
    Table,
    and_,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from ledger.db.base import Base

Deltas = Mapping[bytes, Sequence[int]]
"""By the row's key (a holder, a ref): what is added to each column, below zero to take away."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Columns of a chain's rows that are kept as sums, by a key of bytes."""

    rows: type[Base]
    key: str
    columns: tuple[str, ...]

    @property
    def table(self) -> Table:
        """The table that keeps them."""
        table = self.rows.__table__
        if not isinstance(table, Table):
            raise TypeError(f"{self.rows.__name__} is kept in no table of its own")
        return table

    def listed(self, deltas: Deltas) -> TableValuedAlias:
        """The deltas as rows, in the keys' order, so that two writers cannot lock each other out."""
        kinds: dict[str, TypeEngine[Any]] = {self.key: LargeBinary(), **{name: BigInteger() for name in self.columns}}
        return listed(kinds, [(each, *changes) for each, changes in sorted(deltas.items())])


def listed(columns: Mapping[str, TypeEngine[Any]], rows: Sequence[Sequence[Any]]) -> TableValuedAlias:
    """The rows as something to select from and to join with: arrays, unnested."""
    arrays = zip(*rows, strict=True) if rows else [()] * len(columns)
    bound = (literal(list(values), ARRAY(kind)) for values, kind in zip(arrays, columns.values(), strict=True))
    named = (column(name, kind) for name, kind in columns.items())
    return func.unnest(*bound).table_valued(*named, name="listed").render_derived()


async def add_to_balances(session: AsyncSession, sums: Sums, chain_id: int, deltas: Deltas) -> None:
    """Adds to the sums of each key. A row exists as long as any of its sums is not zero, and no longer.

    So what a row holds, and whether there is one, depends on nothing but the sum of all deltas ever given.
    """
    if not deltas:
        return
    table, key = sums.table, sums.key
    given = select(sums.listed(deltas)).cte("given")
    changed = (
        update(table)
        .where(table.c.chain_id == chain_id, table.c[key] == given.c[key])
        .values({name: table.c[name] + given.c[name] for name in sums.columns})
        .returning(table.c[key], and_(*(table.c[name] == 0 for name in sums.columns)).label("is_empty"))
        .cte("changed")
    )
    fresh = select(literal(chain_id, BigInteger), given.c[key], *(given.c[name] for name in sums.columns)).where(
        or_(*(given.c[name] != 0 for name in sums.columns)), ~exists().where(changed.c[key] == given.c[key])
    )
    added = insert(table).from_select(["chain_id", key, *sums.columns], fresh).cte("added")
    emptied = (await session.scalars(select(changed.c[key]).where(changed.c.is_empty).add_cte(added))).all()
    if emptied:
        await session.execute(delete(table).where(table.c.chain_id == chain_id, table.c[key].in_(emptied)))


async def add_to_rows(session: AsyncSession, sums: Sums, chain_id: int, deltas: Deltas) -> None:
    """Adds to the sums of those keys that have a row."""
    if not deltas:
        return
    table, given = sums.table, sums.listed(deltas)
    await session.execute(
        update(table)
        .where(table.c.chain_id == chain_id, table.c[sums.key] == given.c[sums.key])
        .values({name: table.c[name] + given.c[name] for name in sums.columns})
    )
