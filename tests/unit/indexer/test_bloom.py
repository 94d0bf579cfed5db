"""A header's bloom: what it certainly does not hold, and when it says anything at all."""

from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from indexer.bloom import BITS, Watch, from_hex, is_telling

ADDRESS, STRANGER = bytes(19) + b"\1", bytes(19) + b"\2"
TOPIC, OTHER_TOPIC = keccak(text="Transfer(address,address,uint256)"), keccak(text="Paused(address)")


def bloom_of(*values: bytes) -> int:
    """As the yellow paper has it: of the hash's first three pairs of bytes, the low eleven bits."""
    bloom = 0
    for value in values:
        digest = keccak(value)
        for at in (0, 2, 4):
            bloom |= 1 << (((digest[at] << 8) | digest[at + 1]) & 0x7FF)
    return bloom


def test_an_event_shows_in_its_blocks_bloom() -> None:
    watch = Watch({ADDRESS: [TOPIC, OTHER_TOPIC]})
    assert list(watch.possible(bloom_of(ADDRESS, TOPIC))) == [(ADDRESS, TOPIC)]
    assert list(watch.possible(bloom_of(STRANGER, TOPIC))) == []
    assert list(watch.possible(0)) == []


@given(st.lists(st.binary(min_size=20, max_size=32)), st.sampled_from([TOPIC, OTHER_TOPIC]))
def test_what_is_there_is_never_denied(others: list[bytes], topic: bytes) -> None:
    bloom = bloom_of(*others, ADDRESS, topic)
    assert (ADDRESS, topic) in set(Watch({ADDRESS: [TOPIC, OTHER_TOPIC]}).possible(bloom))


def test_a_full_bloom_says_nothing() -> None:
    assert not is_telling((1 << BITS) - 1)
    assert is_telling(from_hex("0x" + "00" * 256))
    assert is_telling(bloom_of(ADDRESS, TOPIC))
