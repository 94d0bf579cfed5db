from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import Field, field_validator

from api.schemas import Answer, Body, Moment, Number
from ledger.footprint import Activity, ActivityReport, Daily, History, Item, shipped
from ledger.kernel.units import EMISSION_UNIT, plain

Word = Annotated[str, Field(min_length=1, max_length=100)]
Latitude = Annotated[Number, Field(ge=-90, le=90)]
Longitude = Annotated[Number, Field(ge=-180, le=180)]


class Place(Body):
    """A point on the globe, in degrees."""

    lat: Latitude
    lng: Longitude


class Route(Body):
    """Where it happened: a point, or where it started and ended. Checked, and not kept."""

    lat: Latitude | None = None
    lng: Longitude | None = None
    start: Place | None = None
    end: Place | None = None


class Bought(Body):
    """Things of one kind."""

    type: Word
    quantity: Number = Field(default=Decimal(1))


class ActivityRequest(Body):
    """An activity: an amount of CO2e, or what a factor derives one from, or both; then the stated amount counts.

    Units may be left out where the standard implies them: km, kWh of electricity, kg of food, goods and waste.
    """

    needs_one_of: ClassVar[tuple[str, ...]] = (
        "co2Amount",
        "distance",
        "consumption",
        "quantity",
        "weight",
        "foodItems",
        "items",
    )

    category: Word
    subcategory: Word | None = None
    co2_amount: Number | None = Field(default=None, description="kg CO2e. Null is no amount, and refused.")
    distance: Number | None = None
    distance_unit: Word | None = None
    consumption: Number | None = None
    consumption_unit: Word | None = None
    quantity: Number | None = None
    quantity_unit: Word | None = None
    weight: Number | None = Field(default=None, description="Of freight, with distance and transportMode.")
    weight_unit: Word | None = None
    fuel_type: Word | None = None
    flight_class: Word | None = None
    transport_mode: Word | None = Field(default=None, description="TRUCK, TRAIN, SHIP, AIR or VAN.")
    food_items: Annotated[list[Word], Field(max_length=100)] | None = None
    items: Annotated[list[Bought], Field(max_length=100)] | None = None
    location: Route | None = None
    timestamp: Moment | None = Field(default=None, description="When it happened; now, where it is left out.")
    reference: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Your own name for it: a second activity with the same one is the same activity."
    )
    verification_method: Word | None = None
    region: Word | None = Field(
        default=None, description="Whose factor: US, EU, KR, GB, an eGRID subregion (US-RFCW), ISO alpha-3 (DEU)."
    )
    factor_id: Word | None = Field(default=None, description="Exactly this factor, e.g. egrid2023:rfcw.")
    factor_set: Word | None = Field(default=None, description="Factors of this set only, e.g. desnz-2025.")

    @field_validator("co2_amount", mode="before")
    @classmethod
    def _an_amount(cls, value: object) -> object:
        """A meter that could not read sends null; that is neither nothing nor left out."""
        if value is None:
            raise ValueError("is null, which is no amount; leave the field out")
        return value

    def report(self) -> ActivityReport:
        """The activity in the ledger's terms."""
        return ActivityReport(
            category=self.category,
            subcategory=self.subcategory,
            co2_kg=self.co2_amount,
            distance=self.distance,
            distance_unit=self.distance_unit,
            consumption=self.consumption,
            consumption_unit=self.consumption_unit,
            quantity=self.quantity,
            quantity_unit=self.quantity_unit,
            weight=self.weight,
            weight_unit=self.weight_unit,
            fuel_type=self.fuel_type,
            flight_class=self.flight_class,
            transport_mode=self.transport_mode,
            food_items=tuple(self.food_items or ()),
            items=tuple(Item(item.type, item.quantity) for item in self.items or ()),
            region=self.region,
            factor_id=self.factor_id,
            factor_set=self.factor_set,
            occurred_at=self.timestamp,
            reference=self.reference,
            verification_method=self.verification_method,
        )


def _listed(names: Iterable[str | None]) -> str | None:
    """Each name once, by commas."""
    return ",".join(dict.fromkeys(name for name in names if name)) or None


class Warned(Answer):
    """What is unusual about a result, or was assumed for it."""

    code: str
    message: str


class TrackedActivity(Answer):
    """A recorded activity. Where several factors were summed, their ids and editions stand in one text, by commas."""

    activity_id: str
    category: str
    subcategory: str | None
    co2_amount: Decimal
    unit: str = EMISSION_UNIT
    timestamp: datetime
    verified: bool
    verification_method: str
    derived_amount: Decimal | None
    """What the factor gives, in kg CO2e; differs from `co2Amount` where that was stated."""
    quantity: Decimal | None
    quantity_unit: str | None
    factor_id: str | None
    factor_edition: str | None
    factor_set: str | None
    gwp_set: str | None
    """The global warming potentials that the factor counts with, as far as its source says so."""
    reference: str | None
    warnings: list[Warned]

    @classmethod
    def of(cls, activity: Activity) -> Self:
        """The activity as it is answered."""
        factors = [shipped().by_id(each) for each in activity.factor_id.split(",")] if activity.factor_id else []
        return cls(
            activity_id=activity.activity_id,
            category=activity.category,
            subcategory=activity.subcategory,
            co2_amount=activity.co2_mg.kg,
            timestamp=activity.occurred_at,
            verified=activity.verified,
            verification_method=activity.verification_method,
            derived_amount=None if activity.derived_co2_mg is None else activity.derived_co2_mg.kg,
            quantity=None if activity.quantity is None else plain(activity.quantity),
            quantity_unit=activity.unit,
            factor_id=activity.factor_id,
            factor_edition=activity.factor_edition,
            factor_set=_listed(factor.factor_set for factor in factors),
            gwp_set=_listed(factor.gwp_set for factor in factors),
            reference=activity.reference,
            warnings=[Warned(**warning) for warning in activity.warnings],
        )


class Comparison(Answer):
    """Differences in kg CO2e. No national average: no figure of one day and person has a source that we could name."""

    previous_day: Decimal


class DailyFootprint(Answer):
    """A day in UTC. All sums are those of its activities, in kg CO2e."""

    date: date
    total_emissions: Decimal
    unit: str = EMISSION_UNIT
    categories: dict[str, Decimal]
    activities: list[TrackedActivity]
    comparison: Comparison

    @classmethod
    def of(cls, day: Daily) -> Self:
        """The day as it is answered."""
        return cls(
            date=day.day,
            total_emissions=day.total.kg,
            categories={category: co2.kg for category, co2 in day.categories.items()},
            activities=[TrackedActivity.of(activity) for activity in day.activities],
            comparison=Comparison(previous_day=day.previous_day_difference_kg),
        )


class Period(Answer):
    """From one day to another, both counted."""

    start: date
    end: date


class Emitted(Answer):
    """What was emitted in a day, or in the week or month that starts with it."""

    date: date
    emissions: Decimal


class Trends(Answer):
    """The second half of the period against the first."""

    direction: str
    change_percent: Decimal | None
    """Null where the first half has nothing."""


class FootprintHistory(Answer):
    """Emissions of a period, in kg CO2e. Days without a record are left out of `data`: unknown is not zero."""

    period: Period
    total_emissions: Decimal
    unit: str = EMISSION_UNIT
    average_daily: Decimal
    data: list[Emitted]
    trends: Trends

    @classmethod
    def of(cls, found: History) -> Self:
        """The history as it is answered."""
        return cls(
            period=Period(start=found.first, end=found.last),
            total_emissions=found.total.kg,
            average_daily=found.average_daily_kg,
            data=[Emitted(date=day, emissions=co2.kg) for day, co2 in found.periods.items()],
            trends=Trends(direction=found.trend.direction, change_percent=found.trend.change_percent),
        )
