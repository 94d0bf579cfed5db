"""Ids are written as the standard writes them, and a credit's id on chain is the same id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.ids import IdKind, credit_number, token_id, verifier_id


def test_ids_look_as_clients_expect() -> None:
    assert IdKind.ACTIVITY.text(2025, 7) == "ACT-2025-0007"
    assert IdKind.CREDIT.text(2025, 123) == "CRD-2025-000123"
    assert IdKind.USER.text(2025, 1) == "USER-2025-001"
    assert verifier_id(1) == "WIA-Verifier-001"


@given(st.integers(min_value=1000, max_value=9999), st.integers(min_value=0, max_value=(1 << 40) - 1))
def test_a_credit_id_grows_past_its_width_and_keeps_its_number(year: int, counter: int) -> None:
    number = credit_number(IdKind.CREDIT.text(year, counter))
    assert number >> 40 == year
    assert number & (1 << 40) - 1 == counter


def test_a_token_id_is_the_credits_own_year_and_counter() -> None:
    assert token_id("CRD-2025-000123") == "CCM-2025-0123"


@pytest.mark.parametrize("text", ["CRD-25-000123", "RET-2025-000123", "CRD-2025-12", "", "CRD-2025-000123 "])
def test_what_is_no_credit_id_has_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="CRD-YYYY-NNNNNN"):
        credit_number(text)
