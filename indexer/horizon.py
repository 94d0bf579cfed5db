"""How deep a reorg may reach at this moment: down to what the network calls final, by depth or by tag."""

from dataclasses import dataclass

from indexer.errors import FinalityLags, InconsistentAnswer
from indexer.fetch import Source
from indexer.store import Cursor
from ledger.chain.chunk import Block
from ledger.chain.rpc import RpcError
from ledger.kernel.finality import FinalityTag


@dataclass(frozen=True, slots=True)
class Horizon:
    """Seen from one head of the chain."""

    confirmed_block: int
    """The newest block that counts as final, mirrored or not; below 0 while none does."""
    lowest_block: int
    """The lowest block whose hash is to be remembered: no reorg reaches below it."""


class Horizons:
    """Finds the horizon of each head of one chain."""

    def __init__(self, source: Source, window: int) -> None:
        """`window`: how many blocks below the head are remembered; where a tag says what is final, how many at most."""
        self._source = source
        self._window = window
        self._seen: tuple[bytes, Horizon] | None = None

    async def of(self, head: Block, cursor: Cursor) -> Horizon:
        """The horizon of this head.

        Raises:
            FinalityLags: the network's tag lies further below the head than may be remembered.
        """
        tag, depth = cursor.finality.tag, cursor.finality.depth or 1
        if tag is None:
            return Horizon(head.number + 1 - depth, head.number - max(self._window, depth))
        if self._seen is None or self._seen[0] != head.hash:
            self._seen = head.hash, await self._tagged(tag, head, cursor.confirmed_block)
        return self._seen[1]

    async def _tagged(self, tag: FinalityTag, head: Block, confirmed_block: int) -> Horizon:
        """What was final stays final, also where a node that is behind shows an older block under the tag."""
        final = max(confirmed_block, min(await self._shown(tag), head.number))
        if head.number - final > self._window:
            raise FinalityLags(
                f"The newest {tag} block is {final}, {head.number - final} below the head, and at most {self._window} "
                "blocks are remembered. See whether the network has stopped finalizing, or the endpoint does not know "
                "the tag; then start the indexer again, with a larger window or with a depth as finality.",
                tag=tag,
                final=final,
                head=head.number,
                window=self._window,
            )
        return Horizon(final, final)

    async def _shown(self, tag: FinalityTag) -> int:
        """The number of the block that the endpoint shows under the tag; -1 where it has none yet, or knows no tag."""
        try:
            return (await self._source.finalized(tag)).number
        except (InconsistentAnswer, RpcError):
            return -1
