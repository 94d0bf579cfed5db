"""Works a chain's mirror out again beside the live one, and replaces the rows that differ in one fenced transaction.

The kept events below the block are trusted; those from it on are fetched again. Both go through the mirrors that the
indexer uses, into tables of a schema of its own. Readers see the old rows until the commit, and the indexer follows
the chain meanwhile: the fence holds it off only while the rows are compared and replaced.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from indexer.book import read_book
from indexer.errors import RebuildRuns
from indexer.follow import Indexer
from indexer.leader import candidate
from indexer.mirrors import Mirror
from indexer.shadow import Shadow, TableChanges, count_changed, replace_differing, shadowed, tell_differing
from ledger.chain.chunk import Chunk, kept_events
from ledger.chain.models import Chain, ChainBlock, ChainEvent, Deployment, Intent
from ledger.chain.network import load_contracts
from ledger.db.base import Base
from ledger.db.session import Sessions
from ledger.events.models import OutboxEvent
from ledger.kernel import faults
from ledger.kernel.errors import InvalidInput

EVENTS_PER_CHUNK = 20_000
KEPT_ROWS: tuple[type[Base], ...] = (Chain, Deployment, ChainBlock, ChainEvent, OutboxEvent)
"""What an indexer needs beside the mirrors' rows."""

MakeIndexer = Callable[[Sessions, Sequence[Mirror]], Indexer]
"""Makes an indexer of the chain that writes where these sessions do, with these mirrors."""

Report = Callable[[str, int, int], None]
"""Told how far a step is: its name, what is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild has changed, or would."""

    chain_id: int
    first_block: int
    """The first block that was fetched again: the one asked for, or lower where a reorg could still reach."""
    last_block: int
    tables: tuple[TableChanges, ...]

    @property
    def rows(self) -> int:
        """How many rows differed."""
        return sum(table.added + table.changed + table.removed for table in self.tables)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The work of mirroring one chain again."""

    sessions: Sessions
    database_url: str
    chain_id: int
    mirrors: Sequence[Mirror]
    make_indexer: MakeIndexer
    report: Report = lambda _step, _done, _total: None

    async def run(self, from_block: int, *, dry: bool = False) -> Rebuilt:
        """Repairs whatever the blocks from `from_block` on explain. With `dry` it only says what that would change.

        Raises:
            InvalidInput: that block is not mirrored yet.
            RebuildRuns: another rebuild of this chain is at work, or a contract is on its way into the mirror.
        """
        async with candidate(self.sessions, self.chain_id, "rebuild") as lead:
            if not await lead.take():
                raise RebuildRuns(
                    f"Chain {self.chain_id} is being rebuilt already; wait until that has ended.", chainId=self.chain_id
                )
            rows: list[type[Base]] = [*KEPT_ROWS, Intent, *self._rows]
            async with shadowed(self.sessions, self.database_url, self.chain_id, rows) as shadow:
                first = await self._prepare(shadow, from_block)
                await self._replay(shadow, first)
                indexer = self.make_indexer(shadow.sessions, self._derived)
                rebuilt = None
                while rebuilt is None:
                    rebuilt = await self._attempt(shadow, indexer, first, dry=dry)
        return rebuilt

    @property
    def _derived(self) -> list[Mirror]:
        """The mirrors whose rows are nothing but a function of the events."""
        return [mirror for mirror in self.mirrors if mirror.ROWS]

    @property
    def _rows(self) -> list[type[Base]]:
        """The tables of those mirrors."""
        return [rows for mirror in self._derived for rows in mirror.ROWS]

    async def _prepare(self, shadow: Shadow, from_block: int) -> int:
        """Copies what is trusted: all below the first block that is fetched again, which is returned."""
        async with self.sessions.begin() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            first = await self._first_block(session, from_block)
            await self._see_that_none_joins(session)
            await shadow.copy(session, Chain)
            await shadow.copy(session, Deployment)
            await shadow.copy(session, ChainBlock, ChainBlock.block_number < first)
            await shadow.copy(session, ChainEvent, ChainEvent.block_number < first)
        async with shadow.sessions.begin() as session:
            below = select(ChainBlock.block_hash).where(ChainBlock.block_number == first - 1)
            await session.execute(update(Chain).values(next_block=first, last_hash=below.scalar_subquery()))
        return first

    async def _see_that_none_joins(self, session: AsyncSession) -> None:
        """A contract on its way to the chain's cursor has rows that no shadow of the cursor's own blocks explains."""
        joining = (await read_book(session, self.chain_id)).joining
        if joining:
            raise RebuildRuns(
                f"{joining[0].name} at 0x{joining[0].address.hex()} is on its way into the mirror of chain "
                f"{self.chain_id}; rebuild when it has joined.",
                chainId=self.chain_id,
            )

    async def _first_block(self, session: AsyncSession, from_block: int) -> int:
        """The block asked for, or the lowest that a reorg may still replace: only what is final can be trusted."""
        mine = (Chain.chain_id == self.chain_id, ChainBlock.chain_id == self.chain_id)
        next_block = await session.scalar(select(Chain.next_block).where(mine[0]))
        if next_block is None or not 0 <= from_block < next_block:
            raise InvalidInput(
                f"Block {from_block} of chain {self.chain_id} is not mirrored; name one below {next_block or 0}.",
                chainId=self.chain_id,
                nextBlock=next_block,
            )
        oldest = await session.scalar(select(func.min(ChainBlock.block_number)).where(mine[1]))
        deployed = await session.scalar(
            select(func.min(Deployment.block_number)).where(Deployment.chain_id == self.chain_id)
        )
        return max(min(from_block, next_block if oldest is None else oldest + 1), deployed or 0)

    async def _replay(self, shadow: Shadow, first: int) -> None:
        """Takes the kept events in."""
        async with shadow.sessions() as reading:
            async for chunk in self._kept_chunks(reading, 0, first - 1, -1, "kept events"):
                async with shadow.sessions.begin() as session:
                    for mirror in self._derived:
                        await mirror.apply(session, chunk)

    async def _kept_chunks(
        self, session: AsyncSession, first: int, last: int, confirmed: int, step: str
    ) -> AsyncIterator[Chunk]:
        """The kept events between two blocks, some at a time; the last chunk ends with the last block."""
        contracts = await load_contracts(session, self.chain_id)
        within = (ChainEvent.block_number >= first, ChainEvent.block_number <= last)
        counts = await session.execute(
            select(ChainEvent.block_number, func.count().label("events"))
            .where(ChainEvent.chain_id == self.chain_id, *within)
            .group_by(ChainEvent.block_number)
            .order_by(ChainEvent.block_number)
        )
        blocks = [(row.block_number, row.events) for row in counts]
        total = sum(events for _, events in blocks)
        ends, gathered = [], 0
        for block, events in blocks:
            gathered += events
            if gathered >= EVENTS_PER_CHUNK:
                ends.append(block)
                gathered = 0
        done = 0
        for end in [*(end for end in ends if end < last), last]:
            events = await kept_events(
                session, self.chain_id, ChainEvent.block_number >= first, ChainEvent.block_number <= end
            )
            yield Chunk(self.chain_id, contracts, first, end, (), events, confirmed)
            done += len(events)
            self.report(step, done, total)
            first = end + 1

    async def _attempt(self, shadow: Shadow, indexer: Indexer, first: int, *, dry: bool) -> Rebuilt | None:
        """Follows the chain to its head, then swaps; None when the live mirror was further by then."""
        while await indexer.advance():
            self.report("blocks", (indexer.next_block or first) - first, (indexer.head or first) + 1 - first)
        async with self.sessions() as session:
            live = await session.scalar(
                select(Chain.next_block).where(Chain.chain_id == self.chain_id).with_for_update(key_share=True)
            )
            if live is None or live > (indexer.next_block or 0):
                return None
            await self._see_that_none_joins(session)
            rebuilt = await self._swap(session, shadow, first)
            if not dry:
                faults.reach("before_rebuild_commit")
                await session.commit()
        return rebuilt

    async def _swap(self, session: AsyncSession, shadow: Shadow, first: int) -> Rebuilt:
        """Replaces what differs, with the live cursor's row locked: no indexer can move it until the commit."""
        await shadow.copy(session, Intent)
        cursor = await shadow.cursor(session)
        await session.execute(update(Chain).where(Chain.chain_id == self.chain_id).values(cursor))
        last_block = cursor["next_block"] - 1
        closing = [mirror for mirror in self.mirrors if not mirror.ROWS]
        for mirror in closing:
            await mirror.undo(session, self.chain_id, first - 1)
        await replace_differing(session, shadow, ChainBlock)
        events = await replace_differing(session, shadow, ChainEvent, first)
        derived = [await replace_differing(session, shadow, rows) for rows in self._rows]
        facts = await tell_differing(session, shadow)
        async for chunk in self._kept_chunks(session, first, last_block, cursor["confirmed_block"], "intents"):
            for mirror in closing:
                await mirror.apply(session, chunk)
        intents = TableChanges(Intent.__tablename__, 0, await count_changed(session, shadow, Intent), 0)
        return Rebuilt(self.chain_id, first, last_block, (events, *derived, facts, intents))
