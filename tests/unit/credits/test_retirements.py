"""Reasons, periods, amounts and commitments of retirements."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.credits import rules
from ledger.credits.commitment import commitment
from ledger.credits.errors import InvalidAmount
from ledger.kernel.errors import InvalidInput
from ledger.kernel.units import Kg

HOLDER, CREDIT, NONCE, SALT = bytes([1]) * 20, bytes([2]) * 20, bytes([3]) * 32, bytes([4]) * 32


@given(st.integers(1, 10**15))
def test_every_kilogram_can_be_retired(kg: int) -> None:
    assert rules.positive_kg("amount", Decimal(kg).scaleb(-3)) == Kg(kg)


@pytest.mark.parametrize("tonnes", ["0", "-0.001", "0.0015", "NaN", "Infinity"])
def test_what_is_no_whole_kilogram_is_refused_under_its_name(tonnes: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        rules.positive_kg("amount", Decimal(tonnes))
    assert (refused.value.number, refused.value.facts["field"]) == (1001, "amount")


def test_reasons_have_codes_that_lead_back_to_them() -> None:
    assert [rules.reason_text(rules.reason_code(reason)) for reason in rules.REASONS] == list(rules.REASONS)
    assert rules.reason_text(4242) == "other"
    with pytest.raises(InvalidInput) as refused:
        rules.reason_code("because")
    assert "personal_offset" in str(refused.value.facts["known"])


@pytest.mark.parametrize(("written", "number"), [(None, 0), ("2025", 2025), ("202503", 202503), ("2025-03", 202503)])
def test_a_period_is_a_year_or_a_month(written: str | None, number: int) -> None:
    assert rules.accounting_period(written) == number


@pytest.mark.parametrize("nonsense", ["", "25", "2025-13", "2025-3", "2025-Q1", "0000", "next year", "٢٠٢٥"])
def test_no_other_period_is_guessed(nonsense: str) -> None:
    with pytest.raises(InvalidInput):
        rules.accounting_period(nonsense)


def test_a_period_is_shown_as_people_write_it() -> None:
    assert [rules.period_text(number) for number in (0, 2025, 202503)] == [None, "2025", "2025-03"]


def test_a_commitment_is_what_solidity_would_hash() -> None:
    # by Foundry: cast keccak $(cast abi-encode 'f(bytes32,uint256,address,address,bytes32,bytes32,string)' …)
    made = commitment(
        chain_id=31337, contract=CREDIT, holder=HOLDER, nonce=NONCE, salt=SALT, beneficiary="Green Bakery Ltd"
    )
    assert made.hex() == "273e6ebeac7a3f4484eaea563c414f48ecdf06cd6a4554d9f6e7fbad279950ea"


def test_the_same_name_is_committed_to_differently_each_time() -> None:
    names = {
        commitment(
            chain_id=31337, contract=CREDIT, holder=HOLDER, nonce=NONCE, salt=bytes([each]) * 32, beneficiary="Ada"
        )
        for each in range(3)
    }
    assert len(names) == 3
