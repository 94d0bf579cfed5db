"""Merkle trees over record hashes, as the RecordAnchor contract proves them."""

from collections.abc import Sequence

from eth_utils.crypto import keccak

from ledger.chain.abi import abi_hash

LEAF_TAG = keccak(text="carbon-credit-micro.record")


def leaf_of(record_hash: bytes) -> bytes:
    """A record's leaf: hashed twice with a tag, so that no inner node passes for one."""
    return keccak(abi_hash(["bytes32", "bytes32"], [LEAF_TAG, record_hash]))


def root_of(record_hashes: Sequence[bytes]) -> bytes:
    """The root over at least one record: a node hashes its two children in ascending order, an odd one rises."""
    level = [leaf_of(record_hash) for record_hash in record_hashes]
    while len(level) > 1:
        pairs = [sorted(level[start : start + 2]) for start in range(0, len(level), 2)]
        level = [keccak(b"".join(pair)) if len(pair) > 1 else pair[0] for pair in pairs]
    return level[0]
