"""Slicers: for each event of our contracts a function, made from its ABI at start, that cuts a log into arguments.

ABI encoding is words of 32 bytes: a static value stands in its place, a dynamic one behind an offset. So a decoder is
a tree of closures, each knowing where to look; nothing is interpreted while logs stream through. An event that is
nothing but words is cut by a single `struct`.
"""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from indexer.errors import PoisonousEvent
from indexer.wire import Log
from ledger.chain.abi import AddableName, Entry, events
from ledger.chain.chunk import Event
from ledger.chain.rpc import to_bytes, to_hex, to_int

ADDRESS = 20
WORD = 32

Parameter = Mapping[str, Any]
"""A parameter in a contract's ABI: name, type, components of a tuple, indexed."""

Reader = Callable[[bytes, int, int], Any]
"""Reads a value of `data` whose head stands at `head`; offsets inside count from `base`."""

_ARRAY = re.compile(r"(.*)\[(\d*)\]")


class UndecodableLog(Exception):
    """A log that does not fit the ABI of the contract that emitted it."""


class EventReader:
    """Makes events of one chain's logs."""

    def __init__(self, chain_id: int, contracts: Mapping[bytes, AddableName]) -> None:
        self._chain_id = chain_id
        self._slicers = {
            (to_hex(address), to_hex(entry.hash)): (address, EventSlicer(entry))
            for address, name in contracts.items()
            for entry in events(name)
        }

    def event(self, log: Log, block_number: int, block_time: datetime) -> Event | None:
        """The log decoded; None for what is no event of the contract's ABI.

        Raises:
            PoisonousEvent: it does not fit the ABI.
        """
        topic = log.topics[0] if log.topics else ""
        known = self._slicers.get((log.address, topic)) or self._slicers.get((log.address.lower(), topic.lower()))
        if known is None:
            return None
        address, slicer = known
        try:
            arguments = slicer.arguments(log.topics, log.data)
        except UndecodableLog as error:
            raise PoisonousEvent.of(
                self._chain_id,
                block_number=block_number,
                log_index=to_int(log.log_index),
                contract=address,
                name=slicer.name,
                transaction_hash=to_bytes(log.transaction_hash),
                cause=error,
            ) from error
        return Event(
            slicer.name,
            address,
            block_number,
            to_int(log.log_index),
            block_time,
            to_bytes(log.transaction_hash),
            arguments,
        )


class EventSlicer:
    """Cuts the logs of one event."""

    def __init__(self, event: Entry) -> None:
        """Takes the event's entry in the ABI."""
        self.name = event.name
        self.topic = event.hash
        indexed = [each for each in event.inputs if each["indexed"]]
        rest = [each for each in event.inputs if not each["indexed"]]
        self._indexed = [(each["name"], _topic_reader(each)) for each in indexed]
        self._read_rest = _members_reader(rest)
        self._words = _Words(indexed, rest) if not any(_is_long(each) for each in rest) else None

    def arguments(self, topics: Sequence[str], data: str) -> dict[str, Any]:
        """The event's arguments by name, from topics and data in the 0x text that a node writes.

        Raises:
            UndecodableLog: the log is shorter than the ABI says, or has another number of topics.
        """
        if len(topics) != len(self._indexed) + 1:
            raise UndecodableLog(f"{self.name} has {len(self._indexed)} indexed arguments, the log {len(topics) - 1}")
        if self._words and len(data) == self._words.characters:
            return self._words.arguments(topics, data)
        arguments = {
            name: read(to_bytes(topic), 0, 0) for (name, read), topic in zip(self._indexed, topics[1:], strict=True)
        }
        arguments.update(self._read_rest(to_bytes(data), 0, 0))
        return arguments


class _Words:
    """What nearly every event is: words and nothing else, cut in one go."""

    def __init__(self, indexed: Sequence[Parameter], rest: Sequence[Parameter]) -> None:
        kinds = ["bytes32" if _is_long(each) else each["type"] for each in indexed] + [each["type"] for each in rest]
        self.characters = len("0x") + 2 * WORD * len(rest)
        """How long the data is, in its 0x text."""
        self._unpack = struct.Struct("".join(_packed(kind) for kind in kinds)).unpack
        self._parts = [(each["name"], _number(kind)) for each, kind in zip((*indexed, *rest), kinds, strict=True)]

    def arguments(self, topics: Sequence[str], data: str) -> dict[str, Any]:
        """The arguments by name; the number of topics and the length of the data were looked at before."""
        try:
            cut = self._unpack(bytes.fromhex("".join((*topics[1:], data)).replace("0x", "")))
        except struct.error as error:
            raise UndecodableLog("a topic is no word") from error
        return {name: number(word) if number else word for (name, number), word in zip(self._parts, cut, strict=True)}


def _packed(kind: str) -> str:
    """A word in `struct`'s format, less its padding. A number is cut as it stands: none of the formats is so long."""
    if kind == "address":
        return f"{WORD - ADDRESS}x{ADDRESS}s"
    length = int(kind.removeprefix("bytes")) if kind.startswith("bytes") else WORD
    return f"{length}s{WORD - length}x"


def _number(kind: str) -> Callable[[bytes], int] | None:
    """What makes a number of a word; None for what stays bytes."""
    if kind == "bool":
        return lambda word: int.from_bytes(word, "big") == 1
    if kind.startswith("uint"):
        return int.from_bytes
    if kind.startswith("int"):
        return partial(int.from_bytes, signed=True)
    return None


def _topic_reader(parameter: Parameter) -> Reader:
    """An indexed value stands in its topic; of one longer than a word only the hash does."""
    return _bytes_reader(WORD) if _is_long(parameter) else _reader(parameter)


def _is_long(parameter: Parameter) -> bool:
    return parameter["type"] in {"string", "bytes", "tuple"} or parameter["type"].endswith("]")


def _reader(parameter: Parameter) -> Reader:
    kind: str = parameter["type"]
    array = _ARRAY.fullmatch(kind)
    if array:
        member = {**parameter, "type": array[1]}
        reader = _fixed_array_reader(member, int(array[2])) if array[2] else _array_reader(member)
    elif kind == "tuple":
        reader = _members_reader(parameter["components"])
    elif kind in {"string", "bytes"}:
        reader = _text_reader if kind == "string" else _long_bytes_reader
    else:
        return _word_reader(kind)
    return _behind_offset(reader) if _is_dynamic(parameter) else reader


def _word_reader(kind: str) -> Reader:
    if kind.startswith("uint"):
        return _unsigned
    if kind.startswith("int"):
        return _signed
    if kind == "bool":
        return lambda data, _base, head: _unsigned(data, _base, head) == 1
    if kind == "address":
        return lambda data, _base, head: _slice(data, head, WORD)[12:]
    if kind.startswith("bytes"):
        return _bytes_reader(int(kind.removeprefix("bytes")))
    raise ValueError(f"no slicer for the ABI type {kind}")


def _unsigned(data: bytes, _base: int, head: int) -> int:
    return int.from_bytes(_slice(data, head, WORD), "big")


def _signed(data: bytes, _base: int, head: int) -> int:
    return int.from_bytes(_slice(data, head, WORD), "big", signed=True)


def _bytes_reader(length: int) -> Reader:
    return lambda data, _base, head: _slice(data, head, WORD)[:length]


def _long_bytes_reader(data: bytes, base: int, head: int) -> bytes:
    return _slice(data, head + WORD, _unsigned(data, base, head))


def _text_reader(data: bytes, base: int, head: int) -> str:
    try:
        return _long_bytes_reader(data, base, head).decode()
    except UnicodeDecodeError as error:
        raise UndecodableLog("a string is not UTF-8") from error


def _members_reader(members: Sequence[Parameter]) -> Callable[[bytes, int, int], dict[str, Any]]:
    """Reads the members of a struct, which start at `head`; their offsets count from there."""
    places = []
    place = 0
    for member in members:
        places.append((member["name"], _reader(member), place))
        place += _head_length(member)

    def read(data: bytes, _base: int, head: int) -> dict[str, Any]:
        return {name: reader(data, head, head + place) for name, reader, place in places}

    return read


def _fixed_array_reader(member: Parameter, length: int) -> Reader:
    reader, step = _reader(member), _head_length(member)

    def read(data: bytes, _base: int, head: int) -> list[Any]:
        return [reader(data, head, head + index * step) for index in range(length)]

    return read


def _array_reader(member: Parameter) -> Reader:
    reader, step = _reader(member), _head_length(member)

    def read(data: bytes, base: int, head: int) -> list[Any]:
        length, first = _unsigned(data, base, head), head + WORD
        if length * step > len(data) - first:
            raise UndecodableLog(f"an array of {length} does not fit into {len(data)} bytes")
        return [reader(data, first, first + index * step) for index in range(length)]

    return read


def _behind_offset(reader: Reader) -> Reader:
    def read(data: bytes, base: int, head: int) -> Any:
        start = base + _unsigned(data, base, head)
        return reader(data, start, start)

    return read


def _is_dynamic(parameter: Parameter) -> bool:
    kind: str = parameter["type"]
    array = _ARRAY.fullmatch(kind)
    if array:
        return not array[2] or _is_dynamic({**parameter, "type": array[1]})
    if kind == "tuple":
        return any(_is_dynamic(each) for each in parameter["components"])
    return kind in {"string", "bytes"}


def _head_length(parameter: Parameter) -> int:
    """How many bytes a value takes where it stands: an offset, or all of a static one."""
    if _is_dynamic(parameter):
        return WORD
    array = _ARRAY.fullmatch(parameter["type"])
    if array:
        return int(array[2]) * _head_length({**parameter, "type": array[1]})
    if parameter["type"] == "tuple":
        return sum(_head_length(each) for each in parameter["components"])
    return WORD


def _slice(data: bytes, start: int, length: int) -> bytes:
    cut = data[start : start + length]
    if len(cut) != length:
        raise UndecodableLog(f"{length} bytes at {start} reach past the end of {len(data)}")
    return cut
