"""What a header's bloom filter says of our events: that there are none for certain, or that there may be some."""

from collections.abc import Iterable, Iterator, Mapping

from eth_utils.crypto import keccak

BITS = 2048
Pair = tuple[bytes, bytes]
"""A contract's address, and the topic of one of its events."""


class Watch:
    """Looks for these events in blooms: by contract, their topics."""

    def __init__(self, topics: Mapping[bytes, Iterable[bytes]]) -> None:
        self._masks = [
            (address, _mask(address), [(topic, _mask(topic)) for topic in wanted]) for address, wanted in topics.items()
        ]

    def possible(self, bloom: int) -> Iterator[Pair]:
        """The events that the block may hold; all others it holds not."""
        for address, address_mask, topics in self._masks:
            if bloom & address_mask == address_mask:
                for topic, mask in topics:
                    if bloom & mask == mask:
                        yield address, topic


def is_telling(bloom: int) -> bool:
    """Whether the bloom is at most half full: in a fuller one, most of what shows is there by chance."""
    return bloom.bit_count() <= BITS // 2


def from_hex(text: str) -> int:
    """A bloom as nodes write it."""
    return int(text, 16)


def _mask(data: bytes) -> int:
    digest = keccak(data)
    return sum(1 << bit for bit in {int.from_bytes(digest[i : i + 2], "big") % BITS for i in (0, 2, 4)})
