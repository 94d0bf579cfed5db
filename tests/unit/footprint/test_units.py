"""Units turn into each other exactly; what means two things is asked for."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.footprint.errors import UnknownUnit
from ledger.footprint.units import converted, decimal_half_even, half_even, unit_named


@pytest.mark.parametrize(
    ("amount", "unit", "into", "expected"),
    [
        ("1", "short ton", "kg", "907.18474"),
        ("1", "long_ton", "kg", "1016.0469088"),
        ("1", "lb", "g", "453.59237"),
        ("26.2", "miles", "km", "42.1648128"),
        ("1", "nmi", "m", "1852"),
        ("1", "US gallon", "litre", "3.785411784"),
        ("1", "gallon_imperial", "L", "4.54609"),
        ("1.5", "MWh", "kwh", "1500"),
        ("250", "Wh", "kWh", "0.25"),
        ("3", "t", "kg", "3000"),
        ("2", "m³", "litres", "2000"),
        ("12", "t-km", "tonne_km", "12"),
    ],
)
def test_a_unit_turns_into_another_to_the_last_digit(amount: str, unit: str, into: str, expected: str) -> None:
    assert converted(Decimal(amount), unit_named(unit), unit_named(into)) == Fraction(expected)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("gallon", ["gallon_us", "gallon_imperial"]),
        ("Gallons", ["gallon_us", "gallon_imperial"]),
        ("gal", ["gallon_us", "gallon_imperial"]),
        ("ton", ["tonne", "short_ton", "long_ton"]),
        ("tons", ["tonne", "short_ton", "long_ton"]),
    ],
)
def test_a_word_for_two_units_is_asked_for_and_not_guessed(text: str, meant: list[str]) -> None:
    with pytest.raises(UnknownUnit, match="more than one thing") as refusal:
        unit_named(text)
    assert refusal.value.facts["units"] == meant


@pytest.mark.parametrize("text", ["parsec", "", "km/h", "kWhh", "T"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(UnknownUnit, match="no unit"):
        unit_named(text)


def test_milliwatt_hours_are_not_taken_for_megawatt_hours() -> None:
    assert unit_named("MWh").size == 1_000_000
    with pytest.raises(UnknownUnit):
        unit_named("mWh")


@given(st.fractions(max_denominator=10**6))
def test_a_whole_number_is_the_nearest_one_and_the_even_one_at_a_half(number: Fraction) -> None:
    whole = half_even(number)
    assert abs(number - whole) <= Fraction(1, 2)
    if abs(number - whole) == Fraction(1, 2):
        assert whole % 2 == 0


def test_decimals_round_half_to_even() -> None:
    assert decimal_half_even(Fraction("2.5"), 0) == 2
    assert decimal_half_even(Fraction("0.0000005"), 6) == 0
    assert decimal_half_even(Fraction("0.0000015"), 6) == Decimal("0.000002")
