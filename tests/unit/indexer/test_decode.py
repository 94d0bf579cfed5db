"""The slicers read what eth-abi writes, for every type that an ABI can name."""

from collections.abc import Sequence
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from indexer.decode import EventSlicer, UndecodableLog
from ledger.chain.abi import Entry, abi_type, events
from ledger.chain.rpc import to_hex
from tests.support.abi_values import Parameter, values_of

WORD = 32


def word_types() -> st.SearchStrategy[Parameter]:
    bits = st.integers(1, 32).map(lambda octets: 8 * octets)
    kinds = st.one_of(
        bits.map(lambda width: f"uint{width}"),
        bits.map(lambda width: f"int{width}"),
        st.integers(1, 32).map(lambda length: f"bytes{length}"),
        st.sampled_from(["address", "bool", "string", "bytes"]),
    )
    return kinds.map(lambda kind: {"type": kind})


def tuple_of(members: list[Parameter]) -> Parameter:
    return {"type": "tuple", "components": [{**each, "name": f"m{i}"} for i, each in enumerate(members)]}


def array_of(member: Parameter, length: int | None) -> Parameter:
    return {**member, "type": f"{member['type']}[{'' if length is None else length}]"}


TYPES = st.recursive(
    word_types(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(tuple_of),
        st.builds(array_of, inner, st.one_of(st.none(), st.integers(1, 3))),
    ),
    max_leaves=6,
)


def for_eth_abi(parameter: Parameter, value: Any) -> Any:
    kind = parameter["type"]
    if kind.endswith("]"):
        member = {**parameter, "type": kind[: kind.rindex("[")]}
        return [for_eth_abi(member, each) for each in value]
    if kind == "tuple":
        return tuple(for_eth_abi(each, value[each["name"]]) for each in parameter["components"])
    return value


def event_of(parameters: list[Parameter]) -> Entry:
    inputs = tuple({"indexed": False, **each, "name": f"a{i}"} for i, each in enumerate(parameters))
    return Entry("Told", f"Told({','.join(abi_type(each) for each in inputs)})", inputs, ())


@st.composite
def told(draw: st.DrawFn) -> tuple[Entry, dict[str, Any], bytes]:
    """An event, its arguments, and its data as eth-abi encodes them."""
    event = event_of(draw(st.lists(TYPES, min_size=1, max_size=4)))
    arguments = {each["name"]: draw(values_of(dict(each))) for each in event.inputs}
    listed = [for_eth_abi(dict(each), arguments[each["name"]]) for each in event.inputs]
    return event, arguments, encode([abi_type(each) for each in event.inputs], listed)


@st.composite
def told_in_words(draw: st.DrawFn) -> tuple[Entry, dict[str, Any], list[bytes], bytes]:
    """An event of nothing but words, some of them indexed; its arguments, topics and data."""
    words = word_types().filter(lambda each: each["type"] not in {"string", "bytes"})
    indexed, rest = (draw(st.lists(words, min_size=least, max_size=3)) for least in (0, 1))
    event = event_of([{**each, "indexed": True} for each in indexed] + rest)
    arguments = {each["name"]: draw(values_of(dict(each))) for each in event.inputs}
    encoded = [encode([each["type"]], [arguments[each["name"]]]) for each in event.inputs]
    return event, arguments, [event.hash, *encoded[: len(indexed)]], b"".join(encoded[len(indexed) :])


def sliced(event: Entry, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    return EventSlicer(event).arguments([to_hex(topic) for topic in topics], to_hex(data))


@given(told_in_words(), st.binary(max_size=WORD))
def test_words_are_read_from_topics_and_data_whatever_follows_them(
    case: tuple[Entry, dict[str, Any], list[bytes], bytes], more: bytes
) -> None:
    event, arguments, topics, data = case
    assert sliced(event, topics, data) == arguments
    assert sliced(event, topics, data + more) == arguments


@given(told_in_words(), st.data())
def test_a_word_that_is_cut_short_is_refused_in_topics_and_data(
    case: tuple[Entry, dict[str, Any], list[bytes], bytes], data: st.DataObject
) -> None:
    event, _, topics, encoded = case
    with pytest.raises(UndecodableLog):
        sliced(event, topics, encoded[: data.draw(st.integers(0, len(encoded) - 1))])
    for place in range(1, len(topics)):
        cut = [topic[:-1] if number == place else topic for number, topic in enumerate(topics)]
        with pytest.raises(UndecodableLog):
            sliced(event, cut, encoded)


@given(told())
def test_a_slicer_reads_what_eth_abi_writes(case: tuple[Entry, dict[str, Any], bytes]) -> None:
    event, arguments, data = case
    assert sliced(event, [event.hash], data) == arguments


@given(told(), st.data())
def test_data_that_is_cut_short_is_refused_or_never_needed(
    case: tuple[Entry, dict[str, Any], bytes], data: st.DataObject
) -> None:
    """Padding behind the last value may be missing; a value may not."""
    event, arguments, encoded = case
    cut = encoded[: data.draw(st.integers(0, max(0, len(encoded) - 1)))]
    try:
        read = sliced(event, [event.hash], cut)
    except UndecodableLog:
        return
    assert read == arguments


def test_indexed_arguments_stand_in_the_topics_and_long_ones_only_as_their_hash() -> None:
    event = Entry(
        "Told",
        "Told(address,int8,string,uint256)",
        (
            {"name": "who", "type": "address", "indexed": True},
            {"name": "change", "type": "int8", "indexed": True},
            {"name": "text", "type": "string", "indexed": True},
            {"name": "kg", "type": "uint256", "indexed": False},
        ),
        (),
    )
    who, text = b"\x11" * 20, b"\x22" * WORD
    topics = [event.hash, who.rjust(WORD, b"\0"), (-2).to_bytes(WORD, "big", signed=True), text]
    arguments = sliced(event, topics, encode(["uint256"], [7]))
    assert arguments == {"who": who, "change": -2, "text": text, "kg": 7}


def test_a_log_with_too_few_topics_is_refused() -> None:
    (transfer,) = (event for event in events("CarbonCredit") if event.name == "Transfer")
    with pytest.raises(UndecodableLog, match="2 indexed"):
        sliced(transfer, [transfer.hash], encode(["uint256"], [1]))


def test_text_that_is_no_utf8_is_refused() -> None:
    event = event_of([{"type": "string"}])
    with pytest.raises(UndecodableLog, match="UTF-8"):
        sliced(event, [event.hash], encode(["bytes"], [b"\xff\xfe"]))


def test_an_array_that_claims_more_members_than_bytes_is_refused_at_once() -> None:
    event = event_of([{"type": "uint256[]"}])
    data = encode(["uint256", "uint256"], [WORD, 2**200])
    with pytest.raises(UndecodableLog, match="does not fit"):
        sliced(event, [event.hash], data)
