"""How far the mirror of a chain is behind, as the indexer that follows it knows."""

from dataclasses import dataclass
from datetime import datetime

from ledger.kernel.errors import CcmError


@dataclass(slots=True)
class Following:
    """What an indexer saw last. It writes, others read."""

    network: str
    leads_since: datetime | None = None
    """Since when it has been this one's to follow; None while it stands by."""
    head_block: int | None = None
    """The chain's newest block; None until somebody looked."""
    head_time: datetime | None = None
    looked_at: datetime | None = None
    """When the chain last answered what its newest block is."""
    next_block: int | None = None
    """The first block that is not mirrored yet."""
    mirrored_time: datetime | None = None
    """When the newest mirrored block was made; None until one was mirrored by this indexer."""
    stopped: CcmError | None = None
    """Why it follows no longer: something that only a person can decide."""

    def lag_blocks(self) -> int | None:
        """How many blocks the mirror lacks; None while nobody looked."""
        if self.head_block is None or self.next_block is None:
            return None
        return max(0, self.head_block + 1 - self.next_block)

    def lag_seconds(self, now: datetime) -> int | None:
        """How old what the mirror shows may be; None while it stands by.

        By so much is its newest block older than the chain's, and so long ago the chain last answered: if it never did,
        so long it has been asked.
        """
        seen = self.looked_at or self.leads_since
        if seen is None:
            return None
        unseen = now - seen
        behind = unseen
        if self.lag_blocks() and self.head_time is not None and self.mirrored_time is not None:
            behind = self.head_time - self.mirrored_time + unseen
        return max(0, int(behind.total_seconds()))
