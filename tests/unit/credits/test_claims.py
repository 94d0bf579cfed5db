"""What a claim is worth: exact savings, whole kilograms, nothing lost and nothing rounded up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.credits import rules
from ledger.credits.errors import InvalidClaim
from ledger.kernel.errors import InvalidCreditSource
from ledger.kernel.units import MG_PER_KG, Co2e, Kg

NOW = datetime(2025, 6, 1, tzinfo=UTC)

SOLAR = rules.SAVINGS["renewable_energy"]
quantities = st.decimals(min_value="0.001", max_value="100000", places=6, allow_nan=False)
savings = st.integers(0, 10**12).map(Co2e)


def test_a_solar_export_of_two_megawatt_hours_is_a_tonne() -> None:
    assert rules.whole_kg_down(rules.saved_down(Decimal(2000), SOLAR), 0) == (Kg(1000), 0)


def test_a_saved_kilowatt_hour_is_worth_what_the_grid_would_have_emitted() -> None:
    illinois = rules.grid_saving("egrid2023:RFCW", Decimal("0.4145"), "eGRID", "2023")
    saved = rules.saved_down(Decimal("10315.29") - Decimal("8925.46"), illinois)
    assert saved == Co2e.from_kg(Decimal("576.084535"))
    assert rules.whole_kg_down(saved, 0) == (Kg(576), 84_535)


@given(quantities, st.sampled_from(sorted(rules.SAVINGS)))
def test_a_saving_is_exact_to_the_milligram_and_never_more(quantity: Decimal, source: rules.Source) -> None:
    saving = rules.SAVINGS[source]
    exact_mg = Fraction(quantity) * Fraction(saving.kg_per_unit) * MG_PER_KG
    assert 0 <= exact_mg - int(rules.saved_down(quantity, saving)) < 1


@given(st.lists(savings, max_size=50))
def test_many_small_claims_are_worth_what_one_large_one_is(claims: list[Co2e]) -> None:
    carried_mg, issued_kg = 0, 0
    for saved in claims:
        kg, carried_mg = rules.whole_kg_down(saved, carried_mg)
        issued_kg += int(kg)
    saved_mg = sum(map(int, claims))
    assert 0 <= saved_mg - issued_kg * MG_PER_KG < MG_PER_KG
    assert carried_mg == saved_mg - issued_kg * MG_PER_KG


@given(savings, st.integers(-(10**9), -1))
def test_a_debt_from_a_rejected_claim_is_made_up_for_first(saved: Co2e, owed_mg: int) -> None:
    kg, carried_mg = rules.whole_kg_down(saved, owed_mg)
    assert int(kg) * MG_PER_KG + carried_mg == int(saved) + owed_mg
    assert int(kg) * MG_PER_KG <= int(saved)
    assert carried_mg < MG_PER_KG


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "-Infinity", "1000000000.1", "1E-25"])
def test_what_is_no_measurement_is_refused(quantity: str) -> None:
    with pytest.raises(InvalidClaim) as refused:
        rules.saved_down(Decimal(quantity), SOLAR)
    assert refused.value.facts == {"field": "quantity"}


@pytest.mark.parametrize(
    ("source", "kg"),
    [("renewable_energy", 0), ("renewable_energy", 1_000_001), ("tree_planting", 1), ("carbon_capture", 1)],
)
def test_a_credit_out_of_bounds_is_refused(source: rules.Source, kg: int) -> None:
    with pytest.raises(InvalidClaim):
        rules.check_size(source, Kg(kg))


@given(st.sampled_from(rules.SOURCES), st.integers(0, 10**9), st.integers(0, 10**6 - 1))
def test_of_the_smallest_credit_something_is_left_whatever_the_batch_holds(
    source: rules.Source, issued_kg: int, more_kg: int
) -> None:
    bps = rules.buffer_bps(source)
    kg = int(rules.smallest_kg(source)) + more_kg
    required_kg = [-(-total * bps // rules.BPS) for total in (issued_kg, issued_kg + kg)]
    assert required_kg[1] - required_kg[0] < kg


def test_only_what_can_come_back_is_buffered() -> None:
    assert {source for source in rules.SOURCES if rules.buffer_bps(source)} == {"tree_planting", "carbon_capture"}


def test_an_unknown_source_is_told_the_known_ones() -> None:
    with pytest.raises(InvalidCreditSource) as refused:
        rules.known_source("alchemy")
    assert refused.value.number == 2004
    assert "tree_planting" in str(refused.value.facts["known"])


def test_every_source_but_saved_energy_says_what_its_action_saves() -> None:
    assert set(rules.SAVINGS) == set(rules.SOURCES) - {"energy_efficiency"}


def test_a_saving_counts_for_the_year_in_utc_in_which_it_happened() -> None:
    in_seoul = datetime.fromisoformat("2025-01-01T03:00:00+09:00")
    vintage = rules.vintage_of(in_seoul)
    assert (vintage.start, vintage.end) == (datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
    assert vintage.closes_at == datetime(2035, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("occurred_at", [NOW + timedelta(seconds=1), datetime(2014, 12, 31, tzinfo=UTC)])
def test_what_did_not_happen_or_is_long_over_cannot_be_claimed(occurred_at: datetime) -> None:
    with pytest.raises(InvalidClaim):
        rules.check_occurred(occurred_at, NOW)


def test_the_oldest_open_vintage_can_still_be_claimed() -> None:
    rules.check_occurred(datetime(2015, 1, 1, tzinfo=UTC), NOW)


@pytest.mark.parametrize(("lat", "lng"), [("91", "0"), ("0", "-180.1"), ("37.5", None), (None, "127"), ("NaN", "0")])
def test_a_place_off_the_globe_is_refused(lat: str | None, lng: str | None) -> None:
    with pytest.raises(InvalidClaim):
        rules.check_place(None if lat is None else Decimal(lat), None if lng is None else Decimal(lng))


def test_a_country_is_a_code_or_not_stated() -> None:
    assert rules.known_country("kr") == "KR"
    assert rules.known_country(None) == "ZZ"
    for nonsense in ("KOR", "1A", "ß", "ÄÖ"):
        with pytest.raises(InvalidClaim):
            rules.known_country(nonsense)


def test_a_third_party_certificate_bears_the_third_level_and_all_else_the_second() -> None:
    assert rules.level_of([{"type": "iot_data"}, {"type": "third_party_cert"}]) == 3
    assert rules.level_of([{"type": "iot_data"}, {"type": "photo"}]) == 2
