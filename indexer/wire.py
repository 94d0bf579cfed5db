"""What the node answers, as far as the indexer reads it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from ledger.chain.chunk import Block
from ledger.chain.rpc import to_bytes, to_int


class Header(msgspec.Struct, rename="camel"):
    """A block's header."""

    number: str
    hash: str
    parent_hash: str
    timestamp: str
    logs_bloom: str

    def block(self) -> Block:
        """The header with its values decoded."""
        return Block(
            number=to_int(self.number),
            hash=to_bytes(self.hash),
            parent_hash=to_bytes(self.parent_hash),
            time=datetime.fromtimestamp(to_int(self.timestamp), UTC),
        )


class Log(msgspec.Struct, rename="camel", gc=False):
    """An event as the node keeps it. Not every node repeats its block's time here."""

    address: str
    topics: Sequence[str]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    log_index: str
    block_timestamp: str | None = None
    removed: bool = False


class Receipt(msgspec.Struct, rename="camel"):
    """What a transaction left behind: its events, and the bloom filter over them."""

    logs: list[Log]
    logs_bloom: str
