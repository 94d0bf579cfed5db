"""A kilogram is counted exactly: no float, no negative, no fourth decimal of a tonne, no unit taken for another."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.money import Micros, PricePerKg
from ledger.kernel.units import Co2e, Kg, plain, whole

KILOGRAMS = st.integers(min_value=0, max_value=10**15 - 1)


@given(KILOGRAMS)
def test_tonnes_and_back_is_the_same_kilogram(count: int) -> None:
    assert Kg.from_tonnes(Kg(count).tonnes) == Kg(count)


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=1, max_value=9))
def test_a_fourth_decimal_of_a_tonne_is_refused_never_rounded(kg: int, tenths: int) -> None:
    with pytest.raises(ValueError, match="finer than a kilogram"):
        Kg.from_tonnes(Decimal(kg * 10 + tenths).scaleb(-4))


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "-0.001", "1e400", "0.0015", "1e-400"])
def test_what_is_no_mass_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tonne"):
        Kg.from_tonnes(Decimal(text))


def test_a_clients_binary_float_of_a_three_decimal_number_is_that_number() -> None:
    assert Kg.from_tonnes(Decimal(repr(0.1 + 0.2))) == Kg(300)
    assert Kg.from_tonnes(Decimal(repr(1.1 * 3))) == Kg(3300)
    assert PricePerKg.from_dollars_per_tonne(Decimal(repr(25.1 + 0.4))) == PricePerKg(25_500)


@pytest.mark.parametrize("wrong", [1.0, True, Decimal(1), Micros(1), "1"])
def test_a_kilogram_is_counted_in_integers_of_its_own_kind(wrong: object) -> None:
    with pytest.raises(TypeError):
        Kg(wrong)  # type: ignore[arg-type]  # the point of the test


def test_kilograms_and_dollars_do_not_add() -> None:
    with pytest.raises(TypeError):
        Kg(1) + Micros(1)
    with pytest.raises(TypeError):
        Micros(1) - Kg(1)


def test_nobody_owes_kilograms() -> None:
    with pytest.raises(ValueError, match="never negative"):
        Kg(1) - Kg(2)
    with pytest.raises(ValueError, match="never negative"):
        Kg(-1)


@given(KILOGRAMS, KILOGRAMS)
def test_sums_keep_their_kind(one: int, other: int) -> None:
    total = sum([Kg(one), Kg(other)], start=Kg(0))
    assert type(total) is Kg
    assert total == one + other
    assert total - Kg(other) == Kg(one)


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=1, max_value=10**9))
def test_a_total_is_kilograms_times_price_exactly(kg: int, price: int) -> None:
    total = PricePerKg(price).total(Kg(kg))
    assert total.dollars == Kg(kg).tonnes * PricePerKg(price).dollars_per_tonne


def test_three_kilograms_at_one_cost_three() -> None:
    assert PricePerKg.from_dollars_per_tonne(Decimal(1000)).total(Kg(1)).dollars == 1


@pytest.mark.parametrize("text", ["25.5001", "NaN", "-1"])
def test_a_price_finer_than_a_tick_or_of_no_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimals"):
        PricePerKg.from_dollars_per_tonne(Decimal(text))


def test_emissions_are_kept_to_the_milligram() -> None:
    assert Co2e.from_kg(Decimal("5.2")).kg == Decimal("5.2")
    assert Co2e.from_kg(Decimal("0.0000005")) == Co2e(0)
    assert Co2e.from_kg(Decimal("0.0000015")) == Co2e(2)
    assert Co2e.from_kg(Decimal("999.999999")).kg_down == Kg(999)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=10**12))
def test_a_plain_number_is_the_same_number_without_an_exponent(number: Decimal) -> None:
    assert plain(number) == number
    assert "E" not in str(plain(number))


def test_a_step_is_counted_or_refused() -> None:
    assert whole(Decimal("123.456e6"), 0) == 123_456_000
    with pytest.raises(ValueError, match="decimals"):
        whole(Decimal("Infinity"), 3)
