"""What stops the indexer, and what only makes it look again."""

from typing import ClassVar

from ledger.kernel.errors import BlockchainUnavailable, Conflict


class WrongChain(BlockchainUnavailable):
    """The endpoint serves another chain than the one that was mirrored: another genesis, or another chain id."""


class NoCommonAncestor(BlockchainUnavailable):
    """The endpoint's chain and the mirror differ in every block that is still remembered."""


class FinalityLags(BlockchainUnavailable):
    """The network's newest final block lies further below the head than any reorg is followed back."""


class InconsistentAnswer(BlockchainUnavailable):
    """The endpoint's answers do not belong to one chain: it is behind, or a reorg came in between. Worth a retry."""

    fault: ClassVar[str] = "inconsistent"


class CursorMoved(Exception):
    """Another indexer moved the cursor since it was read; what this one did for the chunk is rolled back."""


class RebuildRuns(Conflict):
    """The mirror of this chain is being rebuilt already."""
