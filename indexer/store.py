"""The indexer's own rows: the cursor, the window of block hashes, the events. The mirrors keep everything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from indexer.errors import CursorMoved, WrongChain
from ledger.chain.chunk import Block, Event, kept_arguments
from ledger.chain.models import Chain, ChainBlock, ChainEvent, Deployment
from ledger.db.bulk import copy_rows
from ledger.kernel.finality import Finality

_BLOCK_COLUMNS = ("chain_id", "block_number", "block_hash", "parent_hash", "block_time")
EVENT_COLUMNS = (
    "chain_id",
    "block_number",
    "log_index",
    "block_time",
    "transaction_hash",
    "contract",
    "name",
    "arguments",
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a chain is mirrored."""

    chain_id: int
    genesis_hash: bytes
    next_block: int
    """The first block that is not mirrored."""
    last_hash: bytes | None
    """The hash of the block before it; None before the first block."""
    confirmed_block: int
    """The newest mirrored block that counts as final; below 0 while none does."""
    finality: Finality
    """When a block counts as final."""


async def read_cursor(session: AsyncSession, chain_id: int) -> Cursor:
    """Where the mirror of this chain stands.

    Raises:
        WrongChain: nothing was ever deployed on it from here.
    """
    row = (
        await session.execute(
            select(Chain.genesis_hash, Chain.next_block, Chain.last_hash, Chain.confirmed_block, Chain.finality).where(
                Chain.chain_id == chain_id
            )
        )
    ).one_or_none()
    if row is None:
        raise WrongChain(
            f"Chain {chain_id} is not known here: deploy the contracts on it first, or correct BLOCKCHAIN_RPC.",
            chainId=chain_id,
        )
    return Cursor(
        chain_id, row.genesis_hash, row.next_block, row.last_hash, row.confirmed_block, Finality.parse(row.finality)
    )


async def hold_cursor(session: AsyncSession, cursor: Cursor) -> None:
    """Keeps the cursor where it was read until the transaction ends.

    Raises:
        CursorMoved: it stands elsewhere.
    """
    held = await session.scalars(select(Chain.chain_id).where(*_stands_at(cursor)).with_for_update(key_share=True))
    if held.one_or_none() is None:
        raise CursorMoved(f"chain {cursor.chain_id}: the cursor is no longer at {cursor.next_block}")


async def move_cursor(
    session: AsyncSession, cursor: Cursor, *, next_block: int, last_hash: bytes, confirmed_block: int
) -> None:
    """Moves the cursor from where it was read, and fences everybody else off until the transaction ends.

    It is told by height and hash: another indexer may have followed a reorg meanwhile, back to the same height.

    Raises:
        CursorMoved: it does not stand where it was expected.
    """
    moved = await session.execute(
        update(Chain)
        .where(*_stands_at(cursor))
        .values(next_block=next_block, last_hash=last_hash, confirmed_block=confirmed_block)
        .returning(Chain.chain_id)
    )
    if moved.one_or_none() is None:
        raise CursorMoved(f"chain {cursor.chain_id}: the cursor is no longer at {cursor.next_block}")


def _stands_at(cursor: Cursor) -> tuple[ColumnElement[bool], ...]:
    return (
        Chain.chain_id == cursor.chain_id,
        Chain.next_block == cursor.next_block,
        Chain.last_hash.is_not_distinct_from(cursor.last_hash),
    )


async def append_blocks(session: AsyncSession, chain_id: int, blocks: Sequence[Block]) -> None:
    """Adds the blocks to the window."""
    rows = [(chain_id, block.number, block.hash, block.parent_hash, block.time) for block in blocks]
    await copy_rows(session, ChainBlock.__tablename__, _BLOCK_COLUMNS, rows)


async def append_events(session: AsyncSession, chain_id: int, events: Sequence[Event]) -> None:
    """Keeps the events as the chain emitted them."""
    await copy_rows(session, ChainEvent.__tablename__, EVENT_COLUMNS, event_rows(chain_id, events))


def event_rows(chain_id: int, events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """The events as rows of `EVENT_COLUMNS`."""
    return [
        (
            chain_id,
            event.block_number,
            event.log_index,
            event.block_time,
            event.transaction_hash,
            event.contract,
            event.name,
            kept_arguments(event),
        )
        for event in events
    ]


async def forget_blocks(session: AsyncSession, chain_id: int, below: int) -> None:
    """Drops the blocks that lie deeper than any reorg reaches."""
    await session.execute(delete(ChainBlock).where(ChainBlock.chain_id == chain_id, ChainBlock.block_number < below))


async def remembered_hashes(session: AsyncSession, chain_id: int) -> dict[int, bytes]:
    """The hashes of the window, by block number, the newest first."""
    rows = await session.execute(
        select(ChainBlock.block_number, ChainBlock.block_hash)
        .where(ChainBlock.chain_id == chain_id)
        .order_by(ChainBlock.block_number.desc())
    )
    return {row.block_number: row.block_hash for row in rows}


async def drop_above(session: AsyncSession, chain_id: int, to_block: int) -> None:
    """Deletes the events and blocks above `to_block`, and takes back to it what has joined no further than that."""
    await session.execute(
        update(Deployment)
        .where(Deployment.chain_id == chain_id, Deployment.next_block > to_block + 1)
        .values(next_block=to_block + 1)
    )
    for rows in (ChainEvent, ChainBlock):
        await session.execute(delete(rows).where(rows.chain_id == chain_id, rows.block_number > to_block))
