"""What people and companies emit: activities, the factors that measure them, and the days that they sum to."""

from ledger.footprint.commands import Tracked, track
from ledger.footprint.derivation import Part
from ledger.footprint.factors import Factor, FactorTable, shipped
from ledger.footprint.models import Activity
from ledger.footprint.queries import Daily, History, daily, history
from ledger.footprint.readings import Bills, HalfHours, read_bills, read_half_hours
from ledger.footprint.report import (
    CATEGORIES,
    FLIGHT_CLASSES,
    TRANSPORT_MODES,
    VERIFICATION_METHODS,
    ActivityReport,
    Item,
)
from ledger.footprint.rules import Assessment, assess
from ledger.footprint.summaries import Granularity, Trend
from ledger.footprint.units import unit_named

__all__ = [
    "CATEGORIES",
    "FLIGHT_CLASSES",
    "TRANSPORT_MODES",
    "VERIFICATION_METHODS",
    "Activity",
    "ActivityReport",
    "Assessment",
    "Bills",
    "Daily",
    "Factor",
    "FactorTable",
    "Granularity",
    "HalfHours",
    "History",
    "Item",
    "Part",
    "Tracked",
    "Trend",
    "assess",
    "daily",
    "history",
    "read_bills",
    "read_half_hours",
    "shipped",
    "track",
    "unit_named",
]
