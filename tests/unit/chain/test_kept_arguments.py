"""Whatever an event says, it is kept as the JSON that every reader of `chain_events` expects."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.abi import CONTRACT_NAMES, Entry, events, json_value
from ledger.chain.chunk import Event, kept_arguments
from tests.support.abi_values import values_of

EVENTS = {entry.name: entry for contract in CONTRACT_NAMES for entry in events(contract)}


@pytest.mark.parametrize("entry", EVENTS.values(), ids=EVENTS.keys())
@given(data=st.data())
def test_numbers_are_kept_as_text_and_bytes_as_0x_text(entry: Entry, data: st.DataObject) -> None:
    arguments = {each["name"]: data.draw(values_of(dict(each))) for each in entry.inputs}
    event = Event(entry.name, bytes(20), 1, 0, datetime(2025, 1, 1, tzinfo=UTC), bytes(32), arguments)
    assert msgspec.json.decode(kept_arguments(event)) == json_value(arguments)
