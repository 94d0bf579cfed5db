"""What comes next is on its way while something is written; what a reorg has made stale is never taken in."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from indexer import Endpoints, Indexer
from ledger.chain.chunk import Chunk
from ledger.chain.models import ChainBlock
from ledger.chain.rpc import to_int
from ledger.db.base import Base
from tests.support.chain import eventually
from tests.support.faulty import Faulty
from tests.support.indexing import CHAIN_ID, MIRRORS, give_dollars

BLOCKS_PER_CHUNK = 4


class Slow:
    """A mirror that is not done with its first chunk before the node was asked for the events of the next one."""

    ROWS: tuple[type[Base], ...] = ()

    def __init__(self, faulty: Faulty) -> None:
        self._faulty = faulty
        self.waited = False

    async def apply(self, session: AsyncSession, chunk: Chunk) -> None:  # noqa: ARG002  # a mirror's signature
        if not self.waited:
            await eventually(self._is_asked_for_more)
            self.waited = True

    async def undo(self, session: AsyncSession, chain_id: int, to_block: int) -> None: ...

    async def _is_asked_for_more(self) -> bool:
        return self._faulty.node.asked["eth_getLogs"] > 1


async def test_the_next_chunk_is_asked_for_while_one_is_written(faulty: Faulty) -> None:
    for micros in range(1, 2 * BLOCKS_PER_CHUNK):
        await faulty.give(micros)
    slow = Slow(faulty)
    indexer = Indexer(
        faulty.sessions,
        Endpoints([faulty.through]),
        CHAIN_ID,
        mirrors=(slow, *MIRRORS),
        window=64,
        blocks_per_chunk=BLOCKS_PER_CHUNK,
    )
    await indexer.catch_up()
    assert slow.waited
    assert await faulty.drifts() == []


async def test_what_was_on_its_way_when_the_chain_changed_is_not_taken_in(faulty: Faulty) -> None:
    rpc, network = faulty.rpc, faulty.network
    snapshot = await rpc.call("evm_snapshot")
    fork = to_int(await rpc.call("eth_blockNumber"))
    for micros in range(1, 5 * BLOCKS_PER_CHUNK):
        await faulty.give(micros)
    indexer = await faulty.indexer(blocks_per_chunk=BLOCKS_PER_CHUNK)
    while (indexer.next_block or 0) <= fork + BLOCKS_PER_CHUNK:
        assert await indexer.advance()
    await rpc.call("evm_revert", snapshot)
    for micros in range(1, 6 * BLOCKS_PER_CHUNK):
        await give_dollars(rpc, network, "Ben", micros)
    await indexer.catch_up()

    assert await faulty.dollars() is None
    assert await faulty.drifts() == []


async def test_what_was_read_without_headers_is_read_again_where_they_are_needed(faulty: Faulty) -> None:
    """The chain got shorter: what lay deep below its head lies among the blocks that a reorg may still replace."""
    window, deep = 8, 100
    rpc = faulty.rpc
    await rpc.call("anvil_mine", hex(20))
    snapshot = await rpc.call("evm_snapshot")
    await rpc.call("anvil_mine", hex(deep))
    indexer = await faulty.indexer(window=window, blocks_per_chunk=BLOCKS_PER_CHUNK)
    short = to_int(await rpc.call("eth_blockNumber")) - deep
    while (coming := indexer.next_block or 0) <= short - 2 * BLOCKS_PER_CHUNK:
        assert await indexer.advance()
    await rpc.call("evm_revert", snapshot)
    await indexer.catch_up()

    remembered = select(ChainBlock.block_number).where(ChainBlock.chain_id == CHAIN_ID)
    async with faulty.sessions() as session:
        numbers = set(await session.scalars(remembered))
    assert numbers >= set(range(coming, short + 1))
