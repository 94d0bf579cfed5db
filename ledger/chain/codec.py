"""ABI encoding and decoding by eth-abi, with addresses as 20 bytes. Loaded when it is first needed: it is large."""

from collections.abc import Sequence
from typing import Any

from eth_abi import codec, decoding, registry
from eth_abi.exceptions import DecodingError


class _AddressAsBytes(decoding.AddressDecoder):
    decoder_fn = staticmethod(bytes)  # type: ignore[assignment]  # the library's type is its own choice of text


def _codec() -> codec.ABICodec:
    known: registry.ABIRegistry = registry.registry.copy()  # type: ignore[no-untyped-call]  # the library's
    is_address = registry.BaseEquals("address")  # type: ignore[no-untyped-call]  # the same
    known.unregister_decoder("address")
    known.register_decoder(is_address, _AddressAsBytes, label="address")
    return codec.ABICodec(known)


_CODEC = _codec()


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Solidity's abi.encode of values of these types. Structs are tuples in the order of their members."""
    return _CODEC.encode(types, values)


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values that were encoded."""
    return _CODEC.decode(types, data)


def decode_whole(types: Sequence[str], data: bytes) -> tuple[Any, ...] | None:
    """The same; None where the data is cut short, or is none of these types."""
    try:
        return decode(types, data)
    except DecodingError:
        return None
