"""Follows one chain: backfill and head by the same cursor, a transaction per chunk, rewinds where the chain did."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from indexer import store
from indexer.ahead import Ahead
from indexer.backfill import backfill
from indexer.book import Book, check_book, read_book
from indexer.endpoints import Endpoints, Heads
from indexer.errors import CursorMoved, FinalityLags, NoCommonAncestor, PoisonousEvent, WrongChain
from indexer.fetch import Source
from indexer.horizon import Horizon, Horizons
from indexer.leader import Lead, candidate
from indexer.metrics import Monitor
from indexer.mirrors import Mirror
from indexer.poison import take_in
from indexer.rewind import rewind
from ledger.chain.chunk import Block, Chunk
from ledger.chain.rpc import RpcError
from ledger.db.session import Sessions
from ledger.kernel import faults
from ledger.kernel.errors import BlockchainUnavailable

log = logging.getLogger(__name__)

BLOCKS_PER_CHUNK = 100_000
"""At most; the source asks for fewer where there are many events."""

POLL_SECONDS = 0.05
STANDBY_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 2.0

_PASSING = (BlockchainUnavailable, RpcError, CursorMoved, DBAPIError, OSError)
_LASTING = (WrongChain, NoCommonAncestor, FinalityLags, IntegrityError, ProgrammingError, DataError)


class Indexer:
    """Mirrors one chain into the database. `head` and `next_block` say how far it is."""

    def __init__(
        self,
        sessions: Sessions,
        endpoints: Endpoints,
        chain_id: int,
        *,
        mirrors: Sequence[Mirror],
        window: int,
        poll_seconds: float = POLL_SECONDS,
        blocks_per_chunk: int = BLOCKS_PER_CHUNK,
        monitor: Monitor | None = None,
    ) -> None:
        self._sessions = sessions
        self._endpoints = endpoints
        self._window = window
        self._monitor = monitor or Monitor(str(chain_id))
        self._monitor.asks(endpoints)
        self._chain_id = chain_id
        self._mirrors = mirrors
        self._poll_seconds = poll_seconds
        self._pause_seconds = poll_seconds
        self._blocks_per_chunk = blocks_per_chunk
        self._book: Book | None = None
        self.leads = False
        self.at_head = False
        """Whether the mirror showed the chain's newest block, hash and all, when it last looked."""
        self.head: int | None = None
        """The newest block of the chain, as last seen."""
        self.next_block: int | None = None
        """The first block that is not mirrored yet, as last seen."""

    async def run(self, stop: asyncio.Event) -> None:
        """Follows the chain until `stop` is set; stands by while another indexer does.

        What passes (the node restarts, the database does) is waited out.

        At an event that cannot be taken in it stays, and says so: other chains are followed on.

        Raises:
            WrongChain, NoCommonAncestor, FinalityLags: only a person can decide what to do; nothing was changed.
        """
        while not stop.is_set():
            try:
                async with candidate(self._sessions, self._chain_id) as lead:
                    await self._follow(lead, stop)
            except PoisonousEvent as error:
                self._monitor.stopped(error)
                log.critical("%s", error.message, extra={"facts": error.facts})
                await stop.wait()
            except _LASTING:
                raise
            except _PASSING as error:
                log.warning("indexing pauses: %s", error)
                await wait(stop, self._pause_seconds)
                self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
            finally:
                self.leads = False

    async def catch_up(self) -> None:
        """Mirrors everything up to the chain's present head."""
        await self._check_chain()
        while await self.advance():
            pass

    async def advance(self) -> bool:
        """One step: a chunk forward, a rewind, or a piece of a contract's past. False when there is nothing to do."""
        try:
            return await self._advance()
        except BaseException:
            if self._book is not None:
                await self._ahead.drop()
            raise

    async def _advance(self) -> bool:
        cursor, book = await self._look()
        last_block = cursor.next_block - 1
        head = await self._source.head(last_block)
        self.head, self.next_block = head.number, cursor.next_block
        self._monitor.looked(head, cursor.next_block)
        horizon = await self._horizons.of(head, cursor)
        self.at_head = head.number == last_block and not _differ(head.hash, cursor.last_hash)
        if self.at_head:
            return await self._backfill(book, cursor, horizon)
        if head.number <= last_block:
            await self._rewind(cursor, head, horizon)
            return True
        chunk = await self._fetch(cursor, head, horizon)
        if _differ(chunk.blocks[0].parent_hash, cursor.last_hash):
            await self._rewind(cursor, head, horizon)
        else:
            await self._mirror(book, cursor, chunk, horizon)
        return True

    async def _follow(self, lead: Lead, stop: asyncio.Event) -> None:
        while not stop.is_set() and not await lead.take():
            self._monitor.stands_by()
            await wait(stop, STANDBY_SECONDS)
        self._monitor.leads()
        await self._check_chain()
        self.leads = True
        async with Heads(self._endpoints.heads_urls) as heads:
            while not stop.is_set():
                await lead.take()
                moved = await self.advance()
                self._pause_seconds = self._poll_seconds
                if not moved:
                    await heads.wait(stop, self._poll_seconds)
        await self._ahead.drop()

    async def _check_chain(self) -> None:
        cursor, _ = await self._look()
        await self._source.check(cursor.genesis_hash)

    async def _look(self) -> tuple[store.Cursor, Book]:
        """Where the mirror stands and whose events it has; the source is one that reads those."""
        async with self._sessions() as session:
            cursor = await store.read_cursor(session, self._chain_id)
            book = await read_book(session, self._chain_id)
        if self._book is None or (book.contracts, book.followed) != (self._book.contracts, self._book.followed):
            if self._book is not None:
                await self._ahead.drop()  # it was read for other contracts
            self._source = Source(self._endpoints, self._chain_id, book.contracts, book.followed)
            self._ahead: Ahead = Ahead(self._source)
            self._horizons = Horizons(self._source, self._window)
        self._book = book
        return cursor, book

    async def _backfill(self, book: Book, cursor: store.Cursor, horizon: Horizon) -> bool:
        """A piece of what was added later; False where nothing is on its way."""
        if not book.joining:
            return False
        await backfill(
            self._sessions,
            self._endpoints,
            self._mirrors,
            book,
            cursor=cursor,
            horizon=horizon,
            at_most=self._blocks_per_chunk,
        )
        return True

    async def _fetch(self, cursor: store.Cursor, head: Block, horizon: Horizon) -> Chunk:
        """The next chunk, as large as the source chooses; the one after it is asked for meanwhile."""
        window_from = horizon.lowest_block
        chunk = await self._ahead.chunk(
            cursor.next_block, self._last_of(cursor.next_block, head), window_from=window_from
        )
        following = chunk.last_block + 1
        self._ahead.start(following, self._last_of(following, head), window_from=window_from)
        faults.reach("after_chunk_decoded")
        return chunk

    def _last_of(self, first: int, head: Block) -> int:
        return min(head.number, first + self._blocks_per_chunk - 1)

    async def _mirror(self, book: Book, cursor: store.Cursor, fetched: Chunk, horizon: Horizon) -> None:
        """Takes the chunk in: events, mirrors, window and cursor, in one transaction."""
        confirmed = max(cursor.confirmed_block, min(fetched.last_block, horizon.confirmed_block))
        chunk = replace(fetched, confirmed_block=confirmed)
        window = [each for each in chunk.blocks if each.number >= horizon.lowest_block or each is chunk.blocks[-1]]

        async def write(session: AsyncSession, part: Chunk) -> None:
            hash_now = part.blocks[-1].hash
            await store.move_cursor(
                session, cursor, next_block=part.last_block + 1, last_hash=hash_now, confirmed_block=confirmed
            )
            await check_book(session, self._chain_id, book)
            await store.append_blocks(session, self._chain_id, window)
            await store.append_events(session, self._chain_id, part.events)
            for mirror in self._mirrors:
                await mirror.apply(session, part)
            await store.forget_blocks(session, self._chain_id, below=min(horizon.lowest_block, part.last_block))
            await session.flush()

        await take_in(self._sessions, write, chunk, "before_cursor_commit")
        faults.reach("after_cursor_commit")
        self._monitor.mirrored(chunk)
        self.next_block = chunk.last_block + 1

    async def _rewind(self, cursor: store.Cursor, head: Block, horizon: Horizon) -> None:
        ancestor = await rewind(self._sessions, self._source, self._mirrors, cursor=cursor, head=head, horizon=horizon)
        self._monitor.rewound(ancestor + 1, cursor.next_block - 1 - ancestor)
        self.next_block = ancestor + 1


def _differ(seen: bytes, remembered: bytes | None) -> bool:
    """Whether the hashes contradict each other; nothing contradicts what is not remembered."""
    return remembered is not None and seen != remembered


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Waits until told to stop, at most so long."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
