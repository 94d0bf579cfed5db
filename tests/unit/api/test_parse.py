from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

import pytest

from api.exact import decode
from api.requests import parse
from api.schemas import Body, Moment, Number
from ledger.kernel.errors import InvalidEmissionData, InvalidInput


class Place(Body):
    lat: Number
    lng: Number


class Reading(Body):
    needs_one_of: ClassVar[tuple[str, ...]] = ("co2Amount", "distance")

    meter_name: str
    verified: bool = False
    floors: int = 1
    co2_amount: Number | None = None
    distance: Number | None = None
    read_at: Moment | None = None
    place: Place | None = None


def read(body: bytes) -> Reading:
    return parse(Reading, decode(body), InvalidEmissionData)


def test_a_reading_is_taken_exactly_as_it_was_sent() -> None:
    reading = read(b'{"meterName": "north", "co2Amount": 5.2, "readAt": "2025-01-15T19:30:00+09:00", "colour": "red"}')
    assert reading.co2_amount == Decimal("5.2")
    assert reading.read_at == datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["2025-01-15T10:30:00", "2025-01-15T10:30:00Z", "20250115T103000"])
def test_a_moment_without_a_zone_is_utc(moment: str) -> None:
    reading = read(b'{"meterName": "north", "distance": 1, "readAt": "%s"}' % moment.encode())
    assert reading.read_at == datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("co2Amount", b'"5.2"'),
        ("co2Amount", b"true"),
        ("co2Amount", b"[5.2]"),
        ("meterName", b"7"),
        ("verified", b"1"),
        ("verified", b'"yes"'),
        ("floors", b"2.5"),
        ("floors", b"true"),
        ("readAt", b'"2025-02-30T10:00:00Z"'),
        ("readAt", b'"yesterday"'),
        ("readAt", b'"0001-01-01T00:00:00+09:00"'),
        ("readAt", b"20250115"),
        ("place", b'{"lat": "1", "lng": 2}'),
        ("place", b"[1, 2]"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_the_fields_name(field: str, value: bytes) -> None:
    fields = {"meterName": b'"north"', "co2Amount": b"5.2"} | {field: value}
    body = b"{" + b",".join(b'"%s": %s' % (name.encode(), sent) for name, sent in fields.items()) + b"}"
    with pytest.raises(InvalidEmissionData, match=field) as refused:
        read(body)
    assert str(refused.value.facts["fields"]).startswith(f"[{{'field': '{field}")


def test_a_misspelt_needed_field_is_refused_with_both_names() -> None:
    with pytest.raises(InvalidEmissionData, match="did you mean meterName by metreName"):
        read(b'{"metreName": "north", "co2Amount": 5.2}')


def test_a_misspelt_field_further_inside_is_found_too() -> None:
    with pytest.raises(InvalidEmissionData, match="did you mean lat by latt"):
        read(b'{"meterName": "north", "co2Amount": 5.2, "place": {"latt": 1, "lng": 2}}')


def test_a_misspelt_alternative_is_refused_with_both_names() -> None:
    with pytest.raises(InvalidEmissionData, match="did you mean distance by distnace"):
        read(b'{"meterName": "north", "distnace": 25}')


@pytest.mark.parametrize("body", [b'{"meterName": "north"}', b'{"meterName": "north", "co2Amount": null}'])
def test_a_reading_of_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidEmissionData, match="One of co2Amount, distance is needed"):
        read(body)


@pytest.mark.parametrize("body", [b"5", b"null", b"[]", b'"text"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="must be a JSON object"):
        parse(Reading, decode(body), InvalidInput)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InvalidEmissionData, match=r"\(and 1 more\)") as refused:
        read(b'{"floors": "two"}')
    assert [fault["field"] for fault in refused.value.facts["fields"]] == ["meterName", "floors"]  # type: ignore[attr-defined]
