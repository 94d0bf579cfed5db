"""Whose events are mirrored on a chain: the main contracts, and what was added beside them later."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from indexer.errors import CursorMoved
from ledger.chain.abi import AddableName
from ledger.chain.models import Deployment
from ledger.chain.network import Contracts, load_contracts, name_of


@dataclass(frozen=True, slots=True)
class Joining:
    """A contract that was added later, on its way to the chain's cursor."""

    address: bytes
    name: AddableName
    next_block: int
    """The first block whose events of it are not mirrored."""


@dataclass(frozen=True, slots=True)
class Book:
    """Whose events are mirrored on a chain."""

    contracts: Contracts
    followed: dict[bytes, AddableName]
    """Those whose events come with the chain's cursor: the main ones, and what has joined them."""
    joining: Sequence[Joining]
    """The others, those that came first before those that came later."""


async def read_book(session: AsyncSession, chain_id: int) -> Book:
    """The contracts on this chain, as far as this database knows them."""
    rows = (
        await session.scalars(
            select(Deployment)
            .where(Deployment.chain_id == chain_id)
            .order_by(Deployment.block_number, Deployment.address)
        )
    ).all()
    followed = {row.address: name_of(row) for row in rows if row.next_block is None}
    joining = [Joining(row.address, name_of(row), row.next_block) for row in rows if row.next_block is not None]
    return Book(await load_contracts(session, chain_id), followed, joining)


async def check_book(session: AsyncSession, chain_id: int, book: Book) -> None:
    """Sees, with the cursor held, that no contract has joined since the book was read: its events would be missing.

    Raises:
        CursorMoved: one has.
    """
    mirrored = select(Deployment.address).where(Deployment.chain_id == chain_id, Deployment.next_block.is_(None))
    if set(await session.scalars(mirrored)) != book.followed.keys():
        raise CursorMoved(f"chain {chain_id}: a contract has joined meanwhile")


async def move_joining(session: AsyncSession, chain_id: int, joining: Joining, next_block: int | None) -> None:
    """Moves the cursor of a contract that was added later; None joins it with the chain's.

    Raises:
        CursorMoved: it does not stand where it was expected.
    """
    moved = await session.scalars(
        update(Deployment)
        .where(
            Deployment.chain_id == chain_id,
            Deployment.address == joining.address,
            Deployment.next_block == joining.next_block,
        )
        .values(next_block=next_block)
        .returning(Deployment.address)
    )
    if moved.one_or_none() is None:
        raise CursorMoved(f"chain {chain_id}: the cursor of {joining.name} is no longer at {joining.next_block}")
