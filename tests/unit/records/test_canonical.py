"""The same content is the same bytes, and its hash proves it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records import Content, canonical_json, record_hash

texts = st.text(max_size=8)
contents: st.SearchStrategy[Content] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
records = st.dictionaries(texts, contents, max_size=6)


def test_a_record_is_written_as_the_rfc_writes_it() -> None:
    record: dict[str, Content] = {"z": [1, "é"], "a": {"y": None, "x": True}}
    assert canonical_json(record) == '{"a":{"x":true,"y":null},"z":[1,"é"]}'.encode()
    assert record_hash(record) == hashlib.sha256(canonical_json(record)).digest()


@given(records)
def test_the_order_in_which_fields_were_put_in_does_not_matter(record: dict[str, Content]) -> None:
    assert canonical_json(dict(reversed(record.items()))) == canonical_json(record)


@pytest.mark.parametrize("inexact", [0.1, b"bytes", {1, 2}])
def test_what_json_would_round_or_cannot_say_is_refused(inexact: object) -> None:
    with pytest.raises(TypeError):
        canonical_json({"a": [inexact]})  # type: ignore[list-item]  # the mistake under test


def test_a_whole_number_that_json_would_round_is_refused() -> None:
    with pytest.raises(ValueError, match="safe integer"):
        canonical_json({"a": 2**53 + 1})
