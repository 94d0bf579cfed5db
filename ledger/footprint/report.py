"""What a client reports of one activity, in the standard's own terms."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

PERSONAL_CATEGORIES = ("transportation", "energy", "food", "consumption", "waste")
BUSINESS_CATEGORIES = (
    "logistics",
    "company_vehicles",
    "on_site_fuel",
    "electricity",
    "heating",
    "cooling",
    "business_travel",
    "employee_commute",
    "supply_chain",
)
CATEGORIES = PERSONAL_CATEGORIES + BUSINESS_CATEGORIES

VERIFICATION_METHODS = (
    "gps_tracking",
    "smart_meter",
    "receipt_scan",
    "api_integration",
    "self_reported",
    "ai_estimation",
)
FLIGHT_CLASSES = ("economy", "premium_economy", "business", "first")
TRANSPORT_MODES = ("TRUCK", "TRAIN", "SHIP", "AIR", "VAN")

USUAL_DAY_AT_MOST_KG = MappingProxyType({"transportation": 50, "energy": 20, "food": 15, "consumption": 30, "waste": 5})
"""The most CO2e, in kg, that a person's day usually has in a category, after the standard's daily ranges."""


@dataclass(frozen=True, slots=True)
class Item:
    """Things of one kind that were bought."""

    kind: str
    count: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityReport:
    """One activity as it was reported: an amount of CO2e, or something from which a factor derives it, or both.

    Numbers are exact; each stands in the unit beside it, or, where that is missing, in the one that the standard
    implies: kilometres, kilowatt-hours of electricity, kilograms of food, goods and waste.
    """

    category: str
    subcategory: str | None = None
    co2_kg: Decimal | None = None
    distance: Decimal | None = None
    distance_unit: str | None = None
    consumption: Decimal | None = None
    consumption_unit: str | None = None
    quantity: Decimal | None = None
    quantity_unit: str | None = None
    weight: Decimal | None = None
    weight_unit: str | None = None
    fuel_type: str | None = None
    flight_class: str | None = None
    transport_mode: str | None = None
    food_items: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    region: str | None = None
    factor_id: str | None = None
    factor_set: str | None = None
    occurred_at: datetime | None = None
    reference: str | None = None
    verification_method: str | None = None
