"""Goes back to where mirror and chain part: one transaction takes back everything that came from the blocks above."""

import logging
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from indexer import store
from indexer.errors import InconsistentAnswer, NoCommonAncestor
from indexer.fetch import Source
from indexer.horizon import Horizon
from indexer.mirrors import Mirror
from ledger import events
from ledger.chain.chunk import Block
from ledger.db.session import Sessions
from ledger.kernel import faults

log = logging.getLogger(__name__)

BLOCKS_PER_STEP_BACK = 32


async def rewind(
    sessions: Sessions,
    source: Source,
    mirrors: Sequence[Mirror],
    *,
    cursor: store.Cursor,
    head: Block,
    horizon: Horizon,
) -> int:
    """Takes back all blocks above the newest one that mirror and chain share, and answers its number.

    Raises:
        NoCommonAncestor: they share none that is remembered.
        InconsistentAnswer: they share all: what told of a change is not true, or no longer.
        CursorMoved: another indexer was faster.
    """
    async with sessions() as session:
        remembered = await store.remembered_hashes(session, cursor.chain_id)
    if horizon.lowest_block <= 0:
        remembered.setdefault(0, cursor.genesis_hash)  # so young a chain may be rewound as a whole
    ancestor = await _common_ancestor(source, remembered, head)
    if ancestor is None:
        raise _no_ancestor(cursor, head, remembered)
    if ancestor == cursor.next_block - 1:
        raise InconsistentAnswer("The endpoint shows the last block as it was, and a child of another.", block=ancestor)
    log.warning("chain %d changed: rewinding from block %d to %d", cursor.chain_id, cursor.next_block - 1, ancestor)
    async with sessions.begin() as session:
        await store.move_cursor(
            session,
            cursor,
            next_block=ancestor + 1,
            last_hash=remembered[ancestor],
            confirmed_block=min(ancestor, horizon.confirmed_block),
        )
        await undo(session, mirrors, cursor.chain_id, ancestor)
        await session.flush()
        faults.reach("before_rewind_commit")
    return ancestor


async def undo(session: AsyncSession, mirrors: Sequence[Mirror], chain_id: int, ancestor: int) -> None:
    """Takes back what came from blocks above the ancestor: mirrors, facts that were told, events, the window."""
    for mirror in mirrors:
        await mirror.undo(session, chain_id, ancestor)
    await events.withdraw(session, chain_id, above=ancestor)
    await store.drop_above(session, chain_id, ancestor)


async def _common_ancestor(source: Source, remembered: dict[int, bytes], head: Block) -> int | None:
    numbers = [number for number in remembered if number <= head.number]
    for start in range(0, len(numbers), BLOCKS_PER_STEP_BACK):
        for block in await source.blocks(numbers[start : start + BLOCKS_PER_STEP_BACK]):
            if block.hash == remembered[block.number]:
                return block.number
    return None


def _no_ancestor(cursor: store.Cursor, head: Block, remembered: dict[int, bytes]) -> NoCommonAncestor:
    oldest = min(remembered, default=cursor.next_block)
    return NoCommonAncestor(
        f"Chain {cursor.chain_id} changed deeper than the {cursor.next_block - oldest} blocks that are remembered, "
        f"from {oldest} on. Check that its endpoint is the right one and in step; if the chain really changed so "
        "deep, start with an empty database.",
        chainId=cursor.chain_id,
        oldestRemembered=oldest,
        nextBlock=cursor.next_block,
        head=head.number,
    )
