"""Every shipped factor says where it is from; the standard's own come first; a place gets its own grid."""

from collections import Counter
from decimal import Decimal

import pytest

from ledger.footprint.errors import NoFactor, RegionNeeded, UnknownFactor
from ledger.footprint.factors import FactorTable, shipped
from ledger.footprint.units import unit_named

KWH, KM = unit_named("kWh"), unit_named("km")
TABLE = shipped()


def test_every_factor_names_source_edition_and_licence() -> None:
    assert Counter(factor.factor_set for factor in TABLE) == {
        "wia-1.0": 24,
        "desnz-2025": 365,
        "ember": 214,
        "egrid2023": 28,
        "cfr98": 84,
        "epa-scf-1.3.0": 67,
    }
    for factor in TABLE:
        assert factor.source
        assert factor.edition
        assert factor.licence
        assert factor.scope in {1, 2, 3}


@pytest.mark.parametrize(
    ("factor_id", "kg_per_unit"),
    [
        ("desnz-2025:7_400_4000_5", "0.17700"),
        ("desnz-2025:1_100_1004_6", "0.18296"),
        ("desnz-2025:1_100_1004_1", "2.06672"),
        ("egrid2023:us", "0.3516425"),
        ("egrid2023:rfcw", "0.41547201"),
        ("ember:gbr:2024", "0.21579"),
        ("ember:deu:2024", "0.34206"),
        ("ember:fra:2024", "0.04418"),
        ("ember:ind:2024", "0.70896"),
        ("ember:chn:2024", "0.5575"),
        ("ember:pol:2024", "0.61498"),
        ("wia-1.0:car_gasoline", "0.21"),
        ("wia-1.0:food_lamb", "39.2"),
        ("wia-1.0:gasoline", "2.31"),
        ("wia-1.0:freight_air", "0.602"),
    ],
)
def test_published_figures_are_carried_unchanged(factor_id: str, kg_per_unit: str) -> None:
    assert TABLE.by_id(factor_id).co2e_kg_per_unit == Decimal(kg_per_unit)


def test_a_figure_that_was_not_published_is_unknown_and_not_zero() -> None:
    grid = TABLE.by_id("egrid2023:rfcw")
    assert grid.co2_kg_per_unit is None
    assert grid.ch4_g_per_unit is None
    assert TABLE.by_id("desnz-2025:5_303_3108_4").co2e_kg_per_unit == 0  # published as zero


def test_desnz_co2e_is_the_sum_of_its_gases() -> None:
    checked = 0
    for factor in TABLE:
        gases = (factor.co2_kg_per_unit, factor.ch4_co2e_kg_per_unit, factor.n2o_co2e_kg_per_unit)
        if factor.factor_set == "desnz-2025" and None not in gases:
            total = sum((gas for gas in gases if gas is not None), Decimal(0))
            assert abs(total - factor.co2e_kg_per_unit) <= Decimal("0.00002")
            checked += 1
    assert checked == 190


@pytest.mark.parametrize(
    ("region", "factor_set", "expected"),
    [
        (None, None, "wia-1.0:grid_us"),
        ("KR", None, "wia-1.0:grid_kr"),
        ("US-RFCW", None, "egrid2023:rfcw"),
        ("US-SRMW", None, "egrid2023:srmw"),
        ("US", None, "wia-1.0:grid_us"),
        ("US", "egrid2023", "egrid2023:us"),
        (None, "egrid2023", "egrid2023:us"),
        ("GB", None, "desnz-2025:7_400_4000_5"),
        ("DEU", None, "ember:deu:2024"),
    ],
)
def test_a_place_gets_its_own_grid(region: str | None, factor_set: str | None, expected: str) -> None:
    assert TABLE.find("electricity", KWH, region, factor_set).factor_id == expected


def test_a_factor_of_the_country_serves_the_subregion_that_has_none_of_its_own() -> None:
    assert TABLE.find("fuel:natural_gas", KWH, "US-RFCW").factor_id == "cfr98:natural_gas:mmbtu"


def test_the_standards_own_factors_come_first_and_others_fill_in() -> None:
    assert TABLE.find("car:diesel", KM).factor_set == "wia-1.0"
    assert TABLE.find("car:hybrid", KM).factor_set == "desnz-2025"


def test_what_no_table_holds_is_said_so() -> None:
    with pytest.raises(NoFactor, match="name another region"):
        TABLE.find("electricity", KWH, "XX")
    with pytest.raises(NoFactor, match="No factor for teleport"):
        TABLE.find("teleport", KM)
    with pytest.raises(UnknownFactor, match="no factor set"):
        TABLE.find("electricity", KWH, factor_set="made-up")
    with pytest.raises(UnknownFactor, match="no factor 'made-up:1'"):
        TABLE.by_id("made-up:1")
    with pytest.raises(RegionNeeded):
        TABLE.find("electricity", KWH, factor_set="ember")


def test_a_factor_cannot_stand_in_a_table_twice() -> None:
    grid = TABLE.by_id("egrid2023:us")
    with pytest.raises(AssertionError, match="twice"):
        FactorTable([grid, grid])
