"""What a capability's mirror does for the indexer."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.chunk import Chunk
from ledger.db.base import Base


class Mirror(Protocol):
    """A capability's mirror."""

    ROWS: tuple[type[Base], ...]
    """The tables that are worked out from the chain's events and from nothing else; none where others write too."""

    async def apply(self, session: AsyncSession, chunk: Chunk) -> None:
        """Takes the chunk's events in."""

    async def undo(self, session: AsyncSession, chain_id: int, to_block: int) -> None:
        """Takes back what came from events above `to_block`, all of which are still in `chain_events`."""
