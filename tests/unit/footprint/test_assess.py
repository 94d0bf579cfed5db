"""What a report amounts to, by which factor, and what makes it wrong."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ledger.footprint import ActivityReport, Assessment, Item, assess, shipped
from ledger.footprint.errors import DetailMissing, NoFactor, NothingToMeasure, UnitDoesNotFit, UnknownUnit
from ledger.footprint.factors import FactorTable
from ledger.kernel.errors import InvalidEmissionData

TABLE = shipped()
DRIVE = {"category": "transportation", "subcategory": "car", "distance": 25, "fuel_type": "gasoline"}
METERED = {"category": "energy", "subcategory": "electricity", "consumption": "15.5"}
FLIGHT = {"category": "transportation", "subcategory": "flight", "distance": 500}
FREIGHT = {"category": "logistics", "subcategory": "freight", "distance": 300, "transport_mode": "TRUCK"}
NUMBERS = {"distance", "consumption", "quantity", "weight", "co2_kg"}


def report(**fields: Any) -> ActivityReport:
    exact: dict[str, Any] = {name: Decimal(value) if name in NUMBERS else value for name, value in fields.items()}
    return ActivityReport(**exact)


def by_person(**fields: Any) -> Assessment:
    return assess(report(**fields), TABLE, personal=True)


def by_company(**fields: Any) -> Assessment:
    return assess(report(**fields), TABLE, personal=False)


def notices(assessment: Assessment) -> list[str]:
    return [notice.code for notice in assessment.notices]


@pytest.mark.parametrize(
    ("fields", "kg", "factor"),
    [
        (DRIVE, "5.25", "wia-1.0:car_gasoline"),
        (DRIVE | {"distance_unit": "mi"}, "8.449056", "wia-1.0:car_gasoline"),
        (DRIVE | {"fuel_type": "petrol"}, "5.25", "wia-1.0:car_gasoline"),
        (DRIVE | {"factor_set": "desnz-2025"}, "4.068", "desnz-2025:25_301_3070_4"),
        (METERED, "5.9675", "wia-1.0:grid_us"),
        (METERED | {"region": "KR"}, "7.1145", "wia-1.0:grid_kr"),
        (METERED | {"factor_id": "egrid2023:rfcw"}, "6.439816", "egrid2023:rfcw"),
        (METERED | {"consumption_unit": "Wh"}, "0.005968", "wia-1.0:grid_us"),
        ({"category": "food", "subcategory": "beef", "quantity": "0.5"}, "13.5", "wia-1.0:food_beef"),
        (
            {"category": "food", "subcategory": "lamb", "quantity": 1, "quantity_unit": "lb"},
            "17.780821",
            "wia-1.0:food_lamb",
        ),
        ({"category": "waste", "subcategory": "landfill", "quantity": 10}, "4.972424", "desnz-2025:20_507_5285_15"),
        (FREIGHT | {"weight": "12.5", "weight_unit": "t"}, "232.5", "wia-1.0:freight_truck"),
        (
            FREIGHT | {"weight": 1, "weight_unit": "short ton", "distance_unit": "km"},
            "16.873636",
            "wia-1.0:freight_truck",
        ),
        (FREIGHT | {"weight": 0, "weight_unit": "kg"}, "0", "wia-1.0:freight_truck"),
        (
            {
                "category": "transportation",
                "subcategory": "car",
                "consumption": 10,
                "consumption_unit": "us gallon",
                "fuel_type": "gasoline",
            },
            "87.443012",
            "wia-1.0:gasoline",
        ),
        (
            {
                "category": "energy",
                "subcategory": "natural gas",
                "consumption": 100,
                "consumption_unit": "kWh",
                "region": "GB",
            },
            "18.296",
            "desnz-2025:1_100_1004_6",
        ),
        (
            {
                "category": "consumption",
                "quantity": 50,
                "quantity_unit": "usd_2022",
                "factor_id": "epa-scf-1.3.0:448140",
            },
            "6.9",
            "epa-scf-1.3.0:448140",
        ),
    ],
)
def test_a_figure_becomes_emissions_by_a_factor_that_is_named(fields: dict[str, Any], kg: str, factor: str) -> None:
    assessment = by_person(**fields)
    assert assessment.co2.kg == Decimal(kg)
    assert assessment.factor_id == factor
    assert assessment.factor_edition == TABLE.by_id(factor).edition


def test_reference_figures_of_gas_and_grid_hold_to_the_gram() -> None:
    gas = replace(TABLE.by_id("cfr98:natural_gas:mmbtu"), factor_id="co2-only", co2e_kg_per_unit=Decimal("53.06"))
    grid = replace(TABLE.by_id("egrid2023:us"), factor_id="grid", co2e_kg_per_unit=Decimal("0.68157"))
    table = FactorTable([gas, grid])
    burnt = report(category="on_site_fuel", quantity=1995, quantity_unit="MMBtu", factor_id="co2-only")
    assert assess(burnt, table, personal=False).co2.kg == Decimal("105854.7")
    drawn = report(category="electricity", consumption=1000, consumption_unit="MWh", factor_id="grid")
    assert assess(drawn, table, personal=False).co2.kg == Decimal(681570)


def test_the_stated_amount_counts_and_the_derived_one_is_kept_beside_it() -> None:
    assessment = by_person(**METERED, co2_kg="7.1145")
    assert (assessment.co2.kg, assessment.derived and assessment.derived.kg) == (Decimal("7.1145"), Decimal("5.9675"))
    assert notices(assessment) == []


def test_a_stated_amount_far_from_the_derived_one_is_remarked() -> None:
    miles_for_kilometres = by_person(**DRIVE, co2_kg="8.449056")
    kilometres_for_miles = by_person(**DRIVE | {"distance_unit": "mi"}, co2_kg="5.25")
    assert notices(miles_for_kilometres) == notices(kilometres_for_miles) == ["far_from_derived"]


def test_a_stated_amount_needs_no_factor() -> None:
    assessment = by_company(category="logistics", subcategory="freight", co2_kg=541800)
    assert assessment.co2.kg == 541800
    assert assessment.derived is None
    assert assessment.factor_id is None


def test_a_region_that_was_assumed_is_told() -> None:
    assert "region_assumed" in notices(by_person(**METERED))
    assert "region_assumed" not in notices(by_person(**METERED, region="US"))


@pytest.mark.parametrize(
    ("fields", "kg"),
    [
        (FLIGHT, "125"),
        (FLIGHT | {"flight_class": "economy"}, "125"),
        (FLIGHT | {"distance": 3700}, "925"),
        (FLIGHT | {"distance": 8000}, "1440"),
        (FLIGHT | {"flight_class": "business", "factor_set": "desnz-2025"}, "94.315"),
    ],
)
def test_a_flight_is_short_or_long_and_has_a_class(fields: dict[str, Any], kg: str) -> None:
    assert by_person(**fields).co2.kg == Decimal(kg)


def test_a_business_seat_weighs_more_than_an_economy_seat_and_the_weight_is_told() -> None:
    business = by_person(**FLIGHT, flight_class="business")
    assert business.co2 > by_person(**FLIGHT).co2
    assert "seat_weight" in notices(business)
    with pytest.raises(InvalidEmissionData, match="flightClass"):
        by_person(**FLIGHT, flight_class="hold")
    with pytest.raises(NoFactor, match="first seat"):
        by_person(**FLIGHT, flight_class="first")


def test_a_meal_counts_a_portion_of_each_food_and_says_so() -> None:
    meal = by_person(category="food", subcategory="restaurant", food_items=("chicken", "rice", "vegetables"))
    assert meal.co2.kg == Decimal("1.26014")  # .1 kg each of 6.9, of 3.70140359 (average food), of 2.0
    assert notices(meal) == ["assumed_portion", "average_food"]
    assert meal.factor_id == "wia-1.0:food_chicken,desnz-2025:19_501_5064_15,wia-1.0:food_vegetables"
    assert meal.quantity is None


def test_two_shirts_count_by_the_weight_that_a_shirt_is_assumed_to_have() -> None:
    shirts = by_person(category="consumption", subcategory="clothing", items=(Item("shirt", Decimal(2)),))
    assert shirts.co2.kg == Decimal("8.924")  # .4 kg of 22.31
    assert "shirt 0.2 kg" in shirts.notices[0].message
    with pytest.raises(NoFactor, match="'yacht'"):
        by_person(category="consumption", subcategory="clothing", items=(Item("yacht", Decimal(1)),))


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"category": "transportation", "subcategory": "car"}, NothingToMeasure, None),
        (DRIVE | {"distance_unit": "parsec"}, UnknownUnit, None),
        (METERED | {"consumption_unit": "km"}, UnitDoesNotFit, "consumptionUnit"),
        (METERED | {"consumption_unit": "km", "factor_id": "egrid2023:rfcw"}, UnitDoesNotFit, "consumptionUnit"),
        (FLIGHT | {"distance_unit": "kWh"}, UnitDoesNotFit, "distanceUnit"),
        (FREIGHT | {"weight": 1, "weight_unit": "km"}, UnitDoesNotFit, "weightUnit"),
        (FREIGHT | {"weight": 1}, DetailMissing, "weightUnit"),
        (FREIGHT | {"weight": 1, "weight_unit": "t", "transport_mode": None}, DetailMissing, "transportMode"),
        (FREIGHT | {"weight": 1, "weight_unit": "t", "transport_mode": "mule"}, InvalidEmissionData, "transportMode"),
        (DRIVE | {"fuel_type": None}, DetailMissing, "fuelType"),
        (DRIVE | {"fuel_type": "hay"}, InvalidEmissionData, "fuelType"),
        ({"category": "transportation", "distance": 3}, DetailMissing, "subcategory"),
        ({"category": "alchemy", "co2_kg": 1}, InvalidEmissionData, "category"),
        ({"category": "waste", "co2_kg": 1, "verification_method": "oath"}, InvalidEmissionData, "verificationMethod"),
        ({"category": "waste", "co2_kg": "-0.001"}, InvalidEmissionData, "co2Amount"),
        (DRIVE | {"distance": -25}, InvalidEmissionData, "distance"),
        (METERED | {"consumption": "1e300"}, InvalidEmissionData, "consumption"),
        (METERED | {"consumption": "1e-300"}, InvalidEmissionData, "consumption"),
        (METERED | {"consumption": "NaN"}, InvalidEmissionData, "consumption"),
    ],
)
def test_a_wrong_report_is_refused_with_the_field_that_is_wrong(
    fields: dict[str, Any], error: type[InvalidEmissionData], field: str | None
) -> None:
    with pytest.raises(error) as refusal:
        by_person(**fields)
    assert refusal.value.number == 1001
    assert field is None or refusal.value.facts["field"] == field


def test_a_unit_that_does_not_fit_is_answered_with_those_that_would() -> None:
    with pytest.raises(UnitDoesNotFit) as refusal:
        by_person(**METERED, consumption_unit="km")
    assert refusal.value.facts["units"] == ["Wh", "kWh", "kWh_gross_cv", "MWh", "MMBtu"]


def test_a_wrong_unit_is_refused_even_beside_a_stated_amount() -> None:
    with pytest.raises(UnitDoesNotFit):
        by_person(**METERED, consumption_unit="km", co2_kg=1)


def test_a_list_takes_no_factor_of_the_clients() -> None:
    with pytest.raises(InvalidEmissionData, match="factorId"):
        by_person(category="food", food_items=("rice",), factor_id="wia-1.0:food_beef")


def test_a_person_emits_at_most_ten_tonnes_in_one_activity() -> None:
    assert by_person(category="waste", co2_kg=10000).co2.kg == 10000
    with pytest.raises(InvalidEmissionData, match="at most 10000 kg"):
        by_person(category="waste", co2_kg="10000.0000000001")
    with pytest.raises(InvalidEmissionData, match="at most 10000 kg"):
        by_person(**METERED | {"consumption": 30000})


def test_companies_and_logistics_have_no_such_limit() -> None:
    assert by_company(category="waste", co2_kg=541800).co2.kg == 541800
    assert by_person(category="logistics", co2_kg=541800).co2.kg == 541800
    with pytest.raises(InvalidEmissionData, match="check its unit"):
        by_company(category="logistics", co2_kg="1000000000.1")


def test_more_than_a_usual_day_is_remarked_for_a_person_and_never_refused() -> None:
    assert notices(by_person(category="food", co2_kg="15.1")) == ["above_usual_day"]
    assert notices(by_person(category="food", co2_kg=15)) == []
    assert notices(by_company(category="food", co2_kg="15.1")) == []


def test_direct_emissions_are_those_of_what_one_burns_oneself() -> None:
    drive, flight = by_person(**DRIVE), by_person(**FLIGHT)
    assert (drive.direct, flight.direct) == (drive.co2, 0)
    assert flight.emission_factor_kg == Decimal("0.25")
