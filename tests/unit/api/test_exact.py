from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.exact import UnreadableJson, decode, encode
from api.schemas import Answer
from ledger.kernel.units import Kg


class Trade(Answer):
    price_per_credit: Decimal
    traded_at: datetime


def test_numbers_keep_every_digit_they_were_sent_with() -> None:
    read = decode(b'{"a": 0.1, "b": 25, "c": 0.30000000000000004, "d": 1.50, "e": 1e3, "f": -0.001}')
    assert read == {
        "a": Decimal("0.1"),
        "b": 25,
        "c": Decimal("0.30000000000000004"),
        "d": Decimal("1.5"),
        "e": Decimal(1000),
        "f": Decimal("-0.001"),
    }
    assert type(read["b"]) is int


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": Infinity}', "Infinity"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1e400}', "1e400"),
        (b'{"a": 1e-400}', "1e-400"),
        (b'{"a": 1e99999999999999999999}', "no number"),
        (b'{"a": 1' + b"0" * 400 + b"}", "401 digits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "5000 digits"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "5002 characters"),
        (b'{"a": 1, "a": 2}', "'a' comes twice"),
        (b'{"a": 1}{"a": 1}', "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b"", "not JSON"),
        (b'{"a": "\xff\xfe"}', "not UTF-8"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": ["\\ud800"]}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
    ],
)
def test_what_cannot_be_taken_at_its_word_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableJson, match=reason):
        decode(body)


def test_many_objects_beside_each_other_are_not_nesting() -> None:
    assert len(decode(b"[" + b",".join([b'{"a": "[[[{{{\\""}'] * 1000) + b"]")) == 1000


def test_an_escaped_letter_beyond_the_basic_plane_is_text() -> None:
    assert decode(b'{"a": "\\ud83c\\udf33"}') == {"a": "\N{DECIDUOUS TREE}"}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e20"), max_value=Decimal("1e20")))
def test_a_number_survives_the_way_out_and_in_again(number: Decimal) -> None:
    text = encode({"n": number})
    assert b"e" not in text.lower()
    assert decode(text)["n"] == number


def test_answers_write_plain_numbers_and_moments_in_utc() -> None:
    seoul = timezone(timedelta(hours=9))
    answer = {
        "price": Decimal("25.500"),
        "kg": Decimal("1E+3"),
        "tiny": Decimal("1E-9"),
        "nothing": Decimal("-0.00"),
        "at": datetime(2025, 1, 15, 19, 30, tzinfo=seoul),
        "day": date(2025, 1, 15),
        "trades": [Trade(price_per_credit=Decimal("0.0010"), traded_at=datetime(2025, 1, 15, tzinfo=UTC))],
    }
    assert encode(answer) == (
        b'{"price":25.5,"kg":1000,"tiny":0.000000001,"nothing":0,"at":"2025-01-15T10:30:00Z","day":"2025-01-15",'
        b'"trades":[{"pricePerCredit":0.001,"tradedAt":"2025-01-15T00:00:00Z"}]}'
    )


@pytest.mark.parametrize("value", [0.1, Kg(5), {"balance": Kg(5)}, object()])
def test_what_has_no_exact_form_or_no_unit_never_goes_out(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_a_number_that_is_none_never_goes_out() -> None:
    with pytest.raises(ValueError, match="no JSON number"):
        encode(Decimal("NaN"))
