"""What makes no sense is refused with the standard's number and a sentence, and leaves nothing behind."""

import json
from typing import Any

import pytest

from tests.e2e.server import Server

DAY = "2019-07-{:02d}"
GIVEN = {"category": "waste", "subcategory": "landfill", "co2Amount": 5.2}
TRIP = {
    "category": "transportation",
    "subcategory": "car",
    "distance": 25,
    "distanceUnit": "km",
    "fuelType": "gasoline",
}


def raw(body: dict[str, Any], **replaced: str) -> bytes:
    """The body with some values as they stand, such as 1e400, which Python would not write."""
    text = json.dumps(body | dict.fromkeys(replaced, "@"))
    for name, value in replaced.items():
        text = text.replace(f'"{name}": "@"', f'"{name}": {value}')
    return text.encode()


BODIES = {
    "NaN": raw(GIVEN, co2Amount="NaN"),
    "Infinity": raw(GIVEN, co2Amount="Infinity"),
    "a negative amount": raw(GIVEN, co2Amount="-0.001"),
    "1e400": raw(GIVEN, co2Amount="1e400"),
    "an unknown unit": raw(TRIP | {"distanceUnit": "parsec"}),
    "a date that does not exist": raw(TRIP | {"timestamp": "2019-02-30T10:00:00Z"}),
    "20 MB": raw(GIVEN | {"description": "x" * 20_000_000}),
    "invalid UTF-8": raw(GIVEN).replace(b"landfill", b"land\xff\xfefill"),
    "a misspelt needed field": raw({"category": "transportation", "distnace": 25}),
}


@pytest.mark.parametrize(("day", "name"), list(enumerate(BODIES, start=1)))
def test_a_reading_that_cannot_be_is_not_booked(server: Server, day: int, name: str) -> None:
    household, date = server.client("household"), DAY.format(day)
    body = BODIES[name]
    if b'"timestamp"' not in body:
        body = body.replace(b"{", b'{"timestamp": "%sT12:00:00Z", ' % date.encode(), 1)
    answer = household.post("/footprint/track", body)
    assert answer.status in {400, 413}, answer.body
    error = answer.json["error"]
    assert error["number"] == 1001
    assert error["message"]
    assert error["requestId"] == answer.headers["x-request-id"]
    assert household.get(f"/footprint/daily/{date}").must(200)["activities"] == []


def test_the_error_names_the_misspelt_field(server: Server) -> None:
    answer = server.client("household").post("/footprint/track", BODIES["a misspelt needed field"])
    assert "distnace" in answer.json["error"]["message"]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "0", "0.0015", "1e400", '"0.001"', "null"])
@pytest.mark.parametrize("path", ["/credits/retire", "/trading/list"])
def test_an_amount_that_nobody_can_hold_is_not_taken(server: Server, path: str, amount: str) -> None:
    household = server.client("household")
    before = household.get("/credits/balance").must(200)
    terms = {"reason": "personal_offset", "pricePerCredit": 25.5, "currency": "USD"}
    answer = household.post(path, raw(terms, amount=amount))
    assert answer.status in {400, 422}, answer.body
    assert answer.json["error"]["message"]
    assert household.get("/credits/balance").must(200) == before


def test_one_key_is_one_effect_and_another_body_is_a_conflict(server: Server) -> None:
    household = server.client("household")
    body = GIVEN | {"timestamp": "2019-08-01T12:00:00Z"}
    first = household.post("/footprint/track", body, Idempotency_Key="one-trip")
    second = household.post("/footprint/track", body, Idempotency_Key="one-trip")
    assert (first.status, first.body) == (second.status, second.body) == (201, first.body)
    other = household.post("/footprint/track", body | {"co2Amount": 6}, Idempotency_Key="one-trip")
    assert (other.status, other.json["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert len(household.get("/footprint/daily/2019-08-01").must(200)["activities"]) == 1
