"""Follows one chain: backfill and head by the same cursor, a transaction per chunk, rewinds where the chain did."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from indexer import store
from indexer.endpoints import Endpoints
from indexer.errors import CursorMoved, NoCommonAncestor, WrongChain
from indexer.fetch import Source
from indexer.leader import Lead, candidate
from ledger.chain.chunk import Block, Chunk
from ledger.chain.network import Contracts
from ledger.chain.rpc import RpcError
from ledger.db.session import Sessions
from ledger.kernel import faults
from ledger.kernel.errors import BlockchainUnavailable

log = logging.getLogger(__name__)

BLOCKS_PER_CHUNK = 500
POLL_SECONDS = 0.05
STANDBY_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 2.0
BLOCKS_PER_STEP_BACK = 32

_PASSING = (BlockchainUnavailable, RpcError, CursorMoved, DBAPIError, OSError)
_LASTING = (WrongChain, NoCommonAncestor, IntegrityError, ProgrammingError, DataError)


class Mirror(Protocol):
    """A capability's mirror: its tables are worked out from the chain's events and from nothing else."""

    async def apply(self, session: AsyncSession, chunk: Chunk) -> None:
        """Takes the chunk's events in."""

    async def undo(self, session: AsyncSession, chain_id: int, to_block: int) -> None:
        """Takes back what came from events above `to_block`, all of which are still in `chain_events`."""


class Indexer:
    """Mirrors one chain into the database. `head` and `next_block` say how far it is."""

    def __init__(
        self,
        sessions: Sessions,
        endpoints: Endpoints,
        chain_id: int,
        contracts: Contracts,
        *,
        mirrors: Sequence[Mirror],
        finality_depth: int,
        poll_seconds: float = POLL_SECONDS,
        blocks_per_chunk: int = BLOCKS_PER_CHUNK,
    ) -> None:
        self._sessions = sessions
        self._source = Source(endpoints, chain_id, contracts)
        self._chain_id = chain_id
        self._mirrors = mirrors
        self._finality_depth = finality_depth
        self._poll_seconds = poll_seconds
        self._pause_seconds = poll_seconds
        self._most_blocks = blocks_per_chunk
        self._blocks_per_chunk = blocks_per_chunk
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

        Raises:
            WrongChain, NoCommonAncestor: only a person can decide what to do; nothing was changed.
        """
        while not stop.is_set():
            try:
                async with candidate(self._sessions, self._chain_id) as lead:
                    await self._follow(lead, stop)
            except _LASTING:
                raise
            except _PASSING as error:
                log.warning("indexing pauses: %s", error)
                await _wait(stop, self._pause_seconds)
                self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
            finally:
                self.leads = False

    async def catch_up(self) -> None:
        """Mirrors everything up to the chain's present head."""
        await self._check_chain()
        while await self.advance():
            pass

    async def advance(self) -> bool:
        """One step: a chunk forward, or a rewind. False when the mirror shows the head already."""
        async with self._sessions() as session:
            cursor = await store.read_cursor(session, self._chain_id)
        head = await self._source.head(cursor.next_block - 1)
        self.head, self.next_block = head.number, cursor.next_block
        last_block = cursor.next_block - 1
        if head.number < last_block or (head.number == last_block and _differ(head.hash, cursor.last_hash)):
            await self._rewind(cursor, head)
            return True
        if head.number == last_block:
            return False
        chunk = await self._fetch(cursor, head)
        if _differ(chunk.blocks[0].parent_hash, cursor.last_hash):
            await self._rewind(cursor, head)
        else:
            await self._mirror(cursor, chunk, head)
        return True

    async def _follow(self, lead: Lead, stop: asyncio.Event) -> None:
        while not stop.is_set() and not await lead.take():
            await _wait(stop, STANDBY_SECONDS)
        await self._check_chain()
        self.leads = True
        while not stop.is_set():
            await lead.take()
            moved = await self.advance()
            self.at_head = not moved
            self._pause_seconds = self._poll_seconds
            if not moved:
                await _wait(stop, self._poll_seconds)

    async def _check_chain(self) -> None:
        async with self._sessions() as session:
            cursor = await store.read_cursor(session, self._chain_id)
        await self._source.check(cursor.genesis_hash)

    async def _fetch(self, cursor: store.Cursor, head: Block) -> Chunk:
        """The next chunk; smaller ones after a failure, larger ones again while all goes well."""
        last = min(head.number, cursor.next_block + self._blocks_per_chunk - 1)
        try:
            chunk = await self._source.chunk(cursor.next_block, last, window_from=head.number - self._finality_depth)
        except (BlockchainUnavailable, RpcError):
            self._blocks_per_chunk = max(1, self._blocks_per_chunk // 2)
            raise
        self._blocks_per_chunk = min(self._most_blocks, 2 * self._blocks_per_chunk)
        faults.reach("after_chunk_decoded")
        return chunk

    async def _mirror(self, cursor: store.Cursor, chunk: Chunk, head: Block) -> None:
        """Takes the chunk in: events, mirrors, window and cursor, in one transaction."""
        final = head.number - self._finality_depth
        window = [block for block in chunk.blocks if block.number >= final or block.number == chunk.last_block]
        async with self._sessions.begin() as session:
            await store.move_cursor(session, self._chain_id, cursor.next_block, chunk.last_block + 1)
            await store.append_blocks(session, self._chain_id, window)
            await store.append_events(session, self._chain_id, chunk.events)
            for mirror in self._mirrors:
                await mirror.apply(session, chunk)
            await store.forget_blocks(session, self._chain_id, below=chunk.last_block - self._finality_depth)
            await session.flush()
            faults.reach("before_cursor_commit")
        faults.reach("after_cursor_commit")
        self.next_block = chunk.last_block + 1

    async def _rewind(self, cursor: store.Cursor, head: Block) -> None:
        """Goes back to the newest block that mirror and chain share, in one transaction."""
        ancestor = await self._common_ancestor(cursor, head)
        log.warning("chain %d changed: rewinding from block %d to %d", self._chain_id, cursor.next_block - 1, ancestor)
        async with self._sessions.begin() as session:
            await store.move_cursor(session, self._chain_id, cursor.next_block, ancestor + 1)
            for mirror in self._mirrors:
                await mirror.undo(session, self._chain_id, ancestor)
            await store.drop_above(session, self._chain_id, ancestor)
            await session.flush()
            faults.reach("before_rewind_commit")
        self.next_block = ancestor + 1

    async def _common_ancestor(self, cursor: store.Cursor, head: Block) -> int:
        async with self._sessions() as session:
            remembered = await store.remembered_hashes(session, self._chain_id)
        if cursor.next_block <= self._finality_depth:
            remembered.setdefault(0, cursor.genesis_hash)  # so young a chain may be rewound as a whole
        numbers = [number for number in remembered if number <= head.number]
        for start in range(0, len(numbers), BLOCKS_PER_STEP_BACK):
            for block in await self._source.blocks(numbers[start : start + BLOCKS_PER_STEP_BACK]):
                if block.hash == remembered[block.number]:
                    return block.number
        raise NoCommonAncestor(
            f"Chain {self._chain_id} changed deeper than the {self._finality_depth} blocks that are remembered. Check "
            "that BLOCKCHAIN_RPC is the right endpoint and in step; if the chain really changed so deep, start with "
            "an empty database.",
            chainId=self._chain_id,
            nextBlock=cursor.next_block,
            head=head.number,
        )


def _differ(seen: bytes, remembered: bytes | None) -> bool:
    """Whether the hashes contradict each other; nothing contradicts what is not remembered."""
    return remembered is not None and seen != remembered


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
