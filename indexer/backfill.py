"""Brings a contract that was added later up to the chain's own cursor, while the chain is followed.

It has a cursor of its own. A piece of its past is taken in with the chain's cursor held, so that no rewind and no
other chunk comes in between; the piece that reaches the chain's cursor joins the two in the same transaction. From then
on the contract's events come with all others.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from indexer import store
from indexer.book import Book, move_joining
from indexer.endpoints import Endpoints
from indexer.errors import InconsistentAnswer
from indexer.fetch import Source
from indexer.horizon import Horizon
from indexer.mirrors import Mirror
from indexer.poison import take_in
from indexer.store import Cursor
from ledger.chain.chunk import Chunk
from ledger.db.session import Sessions

log = logging.getLogger(__name__)


async def backfill(
    sessions: Sessions,
    endpoints: Endpoints,
    mirrors: Sequence[Mirror],
    book: Book,
    *,
    cursor: Cursor,
    horizon: Horizon,
    at_most: int,
) -> None:
    """Takes in the next blocks of the contract that has waited longest, `at_most` so many.

    Raises:
        InconsistentAnswer: the endpoint's branch is not the mirrored one.
        PoisonousEvent: one of its events is refused.
        CursorMoved: the chain's cursor, or the contract's, was moved by another indexer meanwhile.
    """
    joining, end = book.joining[0], cursor.next_block
    if joining.next_block >= end:
        async with sessions.begin() as session:
            await store.hold_cursor(session, cursor)
            await move_joining(session, cursor.chain_id, joining, None)
        return

    source = Source(endpoints, cursor.chain_id, book.contracts, {joining.address: joining.name})
    last = min(end, joining.next_block + at_most) - 1
    fetched = await source.chunk(joining.next_block, last, window_from=horizon.lowest_block)
    reached = None if fetched.last_block == end - 1 else fetched.last_block + 1

    async def write(session: AsyncSession, part: Chunk) -> None:
        await store.hold_cursor(session, cursor)
        await move_joining(session, cursor.chain_id, joining, reached)
        _check_branch(part, await store.remembered_hashes(session, cursor.chain_id))
        await store.append_events(session, cursor.chain_id, part.events)
        for mirror in mirrors:
            await mirror.apply(session, part)
        await session.flush()

    await take_in(sessions, write, replace(fetched, confirmed_block=cursor.confirmed_block), "before_backfill_commit")
    if reached is None:
        log.info("chain %d: %s at 0x%s is mirrored too", cursor.chain_id, joining.name, joining.address.hex())


def _check_branch(chunk: Chunk, remembered: dict[int, bytes]) -> None:
    """Sees that the chunk's blocks are those that are mirrored, as far down as a reorg may reach."""
    for block in chunk.blocks:
        if remembered.get(block.number, block.hash) != block.hash:
            raise InconsistentAnswer("The chain changed while it was read.", block=block.number)
