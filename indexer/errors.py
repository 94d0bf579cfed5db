"""What stops the indexer, and what only makes it look again."""

from typing import ClassVar, Self

from sqlalchemy.exc import DBAPIError

from ledger.kernel.errors import BlockchainUnavailable, CcmError, Conflict


class WrongChain(BlockchainUnavailable):
    """The endpoint serves another chain than the one that was mirrored: another genesis, or another chain id."""


class NoCommonAncestor(BlockchainUnavailable):
    """The endpoint's chain and the mirror differ in every block that is still remembered."""


class FinalityLags(BlockchainUnavailable):
    """The network's newest final block lies further below the head than any reorg is followed back."""


class IndexerFailed(CcmError):
    """An indexer ended by a mistake of ours; its log says where."""

    code: ClassVar[str] = "INDEXER_FAILED"


class InconsistentAnswer(BlockchainUnavailable):
    """The endpoint's answers do not belong to one chain: it is behind, or a reorg came in between. Worth a retry."""

    fault: ClassVar[str] = "inconsistent"


class CursorMoved(Exception):
    """Another indexer moved the cursor since it was read; what this one did for the chunk is rolled back."""


class RebuildRuns(Conflict):
    """The mirror of this chain is being rebuilt already, or cannot be while a contract is on its way into it."""


class PoisonousEvent(CcmError):
    """An event that cannot be decoded, or that a mirror refuses. The chain's cursor stays below it until it can be."""

    code: ClassVar[str] = "POISONOUS_EVENT"
    fault: ClassVar[str] = "undecodable"
    """What an endpoint is blamed with that alone shows such an event."""

    @classmethod
    def of(
        cls,
        chain_id: int,
        *,
        block_number: int,
        log_index: int,
        contract: bytes,
        name: str,
        transaction_hash: bytes,
        cause: Exception,
    ) -> Self:
        """The error with the event's identity, and why it is refused."""
        why = str(cause.orig) if isinstance(cause, DBAPIError) else str(cause)
        reason = f"{type(cause).__name__}: {why.partition(chr(10))[0]}"
        return cls(
            f"Event {name} of 0x{contract.hex()} in block {block_number}, log {log_index}, cannot be taken in "
            f"({reason}). Chain {chain_id} is followed no further until it can: see docs/operation.md.",
            chainId=chain_id,
            blockNumber=block_number,
            logIndex=log_index,
            contract="0x" + contract.hex(),
            event=name,
            transactionHash="0x" + transaction_hash.hex(),
            cause=reason,
        )
