"""Canonical JSON (RFC 8785): the same content is the same bytes on every machine, so its hash proves it."""

import hashlib
from collections.abc import Mapping
from typing import TypeAlias

import rfc8785

Content: TypeAlias = str | int | bool | list["Content"] | dict[str, "Content"] | None
"""What a record may hold. RFC 8785 writes numbers as binary doubles, so a number that is not whole stands in it as
text; a whole one beyond 2^53 is refused."""


def canonical_json(record: Mapping[str, Content]) -> bytes:
    """The record's one and only text.

    Raises:
        TypeError: the record holds a float, or something that JSON cannot say.
    """
    return rfc8785.dumps({name: _exact(value) for name, value in record.items()})


def record_hash(record: Mapping[str, Content]) -> bytes:
    """SHA-256 over the record's canonical JSON, 32 bytes."""
    return hashlib.sha256(canonical_json(record)).digest()


def _exact(value: object) -> Content:
    match value:
        case None | bool() | int() | str():
            return value
        case dict():
            return {str(name): _exact(each) for name, each in value.items()}
        case list() | tuple():
            return [_exact(each) for each in value]
        case _:
            raise TypeError(f"a record holds text, whole numbers, lists and objects, not {type(value).__name__}")
