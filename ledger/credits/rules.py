"""What a claim saves, what of it becomes whole kilograms, and under which terms they are issued. Pure functions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, get_args

from ledger.credits.errors import InvalidAmount, InvalidClaim
from ledger.kernel.errors import InvalidCreditSource, InvalidInput
from ledger.kernel.units import MG_PER_KG, Co2e, Kg, plain

Source = Literal[
    "tree_planting",
    "renewable_energy",
    "energy_efficiency",
    "public_transit",
    "cycling_walking",
    "waste_reduction",
    "carbon_capture",
]
SOURCES: tuple[Source, ...] = get_args(Source)
EvidenceType = Literal["photo", "document", "iot_data", "third_party_cert"]

SMALLEST_KG = Kg(1)
LARGEST_KG = Kg(1_000_000)
"""A credit is 0.001 to 1000 t (VAL-004)."""
LARGEST_QUANTITY = Decimal(10**9)
QUANTITY_DECIMALS = 24
"""As many as a binary double can show of a quantity that matters; more is no measurement."""
VERIFICATION_HOURS = 48
"""How long a verifier usually has for a claim."""
OPEN_YEARS = 10
"""So long after its vintage a batch still takes issuances."""
UNKNOWN_COUNTRY = "ZZ"
"""ISO 3166-1 sets it aside for users; it says that the claim names no country."""
BPS = 10_000

_COUNTRY = re.compile(r"[A-Za-z]{2}")
_PERIOD = re.compile(r"([0-9]{4})(?:-?(0[1-9]|1[0-2]))?")


@dataclass(frozen=True, slots=True)
class Saving:
    """What one unit of an action saves, and who says so."""

    action: str
    unit: str
    """What a claim's quantity counts."""
    kg_per_unit: Decimal
    """kg CO2e saved for each unit."""
    reference: str
    edition: str
    factor_id: str | None = None
    """The emission factor that it comes from, where it is one."""


STANDARD_ACTIONS = "WIA Carbon Credit Micro, table of actions"
STANDARD_EDITION = "v1.0"


def _standard(action: str, unit: str, kg_per_unit: str) -> Saving:
    return Saving(action, unit, Decimal(kg_per_unit), STANDARD_ACTIONS, STANDARD_EDITION)


SAVINGS: dict[Source, Saving] = {
    "tree_planting": _standard("tree_planted", "tree and year", "25"),
    "renewable_energy": _standard("solar_generation", "kWh", "0.5"),
    "public_transit": _standard("public_transit", "km", "0.15"),
    "cycling_walking": _standard("bike_commute", "km", "0.23"),
    "waste_reduction": _standard("home_composting", "kg", "0.3"),
    "carbon_capture": Saving("captured", "kg CO2e", Decimal(1), "The mass that was captured, as measured", "-"),
}
"""The action that a claim of each source means. Energy that was not used (energy_efficiency) saves what the grid would
have emitted for it, so it has a grid factor instead of a row here."""

BUFFER_BPS: dict[Source, int] = {"tree_planting": 1000, "carbon_capture": 500}
"""Share of a batch held back against a reversal, in hundredths of a percent. Carbon that is stored can come back (a
wood burns, a store leaks); an emission that was avoided cannot, so the other sources hold nothing back."""

REASONS: dict[str, int] = {"personal_offset": 1, "corporate_offset": 2, "event": 3, "product": 4, "other": 99}
"""Why credits are retired, and the code on chain."""


def known_source(source: str) -> Source:
    """The source, where the standard knows it.

    Raises:
        InvalidCreditSource: it does not.
    """
    for known in SOURCES:
        if source == known:
            return known
    raise InvalidCreditSource(f"A credit cannot come from {source!r}; name one of the known sources.", known=SOURCES)


def positive_kg(field: str, tonnes: Decimal) -> Kg:
    """Credits of a request, more than none.

    Raises:
        InvalidAmount: not above zero, or finer than a kilogram.
    """
    try:
        kg = Kg.from_tonnes(tonnes)
    except ValueError as error:
        raise InvalidAmount(f"{field}: {error}.", field=field) from None
    if kg == 0:
        raise InvalidAmount(f"{field} is above zero, in tonnes with three decimals.", field=field)
    return kg


def grid_saving(factor_id: str, kg_per_kwh: Decimal, reference: str, edition: str) -> Saving:
    """What a kilowatt-hour saves that was not drawn from the grid of this factor (kg CO2e per kWh)."""
    return Saving("energy_saved", "kWh", kg_per_kwh, reference, edition, factor_id)


def saved_down(quantity: Decimal, saving: Saving) -> Co2e:
    """Quantity x saving per unit, exact, rounded down to the milligram.

    Raises:
        InvalidClaim: the quantity is no measurement of something that was done.
    """
    exponent = quantity.as_tuple().exponent
    if not quantity.is_finite() or not 0 < quantity <= LARGEST_QUANTITY:
        raise InvalidClaim(
            f"A claim's quantity is a number above zero and at most {LARGEST_QUANTITY:f} {saving.unit}.",
            field="quantity",
        )
    if not isinstance(exponent, int) or exponent < -QUANTITY_DECIMALS:
        raise InvalidClaim(f"A quantity has at most {QUANTITY_DECIMALS} decimals.", field="quantity")
    return Co2e(int(Fraction(quantity) * Fraction(saving.kg_per_unit) * MG_PER_KG))


def whole_kg_down(saved: Co2e, carried_mg: int) -> tuple[Kg, int]:
    """The whole kilograms in a saving and what was carried over (mg, may be below zero), and what is carried on (mg).

    Nothing is lost and nothing is rounded up: saved + carried = whole kilograms + carried on.
    """
    available_mg = int(saved) + carried_mg
    if available_mg < 0:
        return Kg(0), available_mg
    return Kg(available_mg // MG_PER_KG), available_mg % MG_PER_KG


def exact_kg(mg: int) -> Decimal:
    """Milligrams in kilograms, exact; below zero too."""
    return plain(Decimal(mg).scaleb(-6))


def buffer_bps(source: Source) -> int:
    """Share of what is issued from this source that stays in the buffer, in hundredths of a percent."""
    return BUFFER_BPS.get(source, 0)


def buffer_kg_up(kg: Kg, bps: int) -> Kg:
    """The most that the buffer keeps of a credit of `kg`: its share rounded up."""
    return Kg(-(-int(kg) * bps // BPS))


def smallest_kg(source: Source) -> Kg:
    """The smallest credit of which something is left to its owner after the buffer's share."""
    return SMALLEST_KG if buffer_bps(source) == 0 else SMALLEST_KG + 1


def check_size(source: Source, kg: Kg) -> None:
    """Refuses a credit out of bounds.

    Raises:
        InvalidClaim: below the smallest credit of the source, or above 1000 t.
    """
    lowest = smallest_kg(source)
    if not lowest <= kg <= LARGEST_KG:
        raise InvalidClaim(
            f"One credit of {source} is {lowest.tonnes} to {LARGEST_KG.tonnes} t; this would be {kg.tonnes} t.",
            amount=kg.tonnes,
            smallest=lowest.tonnes,
            largest=LARGEST_KG.tonnes,
        )


def known_country(country: str | None) -> str:
    """The country's code, or the one for a country that is not told.

    Raises:
        InvalidClaim: it is no ISO 3166-1 alpha-2 code.
    """
    if country is None:
        return UNKNOWN_COUNTRY
    if _COUNTRY.fullmatch(country) is None:
        raise InvalidClaim("A country is two letters, as ISO 3166-1 writes it.", field="country")
    return country.upper()


def check_place(latitude: Decimal | None, longitude: Decimal | None) -> None:
    """Refuses a place off the globe, and half a place.

    Raises:
        InvalidClaim: either.
    """
    if latitude is None and longitude is None:
        return
    if not _within(latitude, 90) or not _within(longitude, 180):
        raise InvalidClaim(
            "A place has a latitude of -90 to 90 and a longitude of -180 to 180 degrees.", field="location"
        )


def _within(degrees: Decimal | None, most: int) -> bool:
    return degrees is not None and degrees.is_finite() and -most <= degrees <= most


@dataclass(frozen=True, slots=True)
class Vintage:
    """The calendar year (UTC) in which emissions were saved, and until when credits for it can be issued."""

    start: datetime
    end: datetime
    """The first moment after it."""
    closes_at: datetime


def vintage_of(occurred_at: datetime) -> Vintage:
    """The vintage of what happened then."""
    year = occurred_at.astimezone(UTC).year
    return Vintage(*(datetime(each, 1, 1, tzinfo=UTC) for each in (year, year + 1, year + 1 + OPEN_YEARS)))


def check_occurred(occurred_at: datetime, now: datetime) -> None:
    """Refuses what did not happen yet, or so long ago that its vintage is closed.

    Raises:
        InvalidClaim: either.
    """
    if occurred_at > now:
        raise InvalidClaim("A saving is claimed once it has happened; the timestamp lies ahead.", field="timestamp")
    if vintage_of(occurred_at).closes_at <= now:
        raise InvalidClaim(f"A vintage is closed {OPEN_YEARS} years after its end.", field="timestamp")


def level_of(evidence: Iterable[dict[str, Any]]) -> int:
    """The verification level that the evidence bears: 3 a third party's certificate, else 2.

    Every claim is decided by a verifier who is neither claimant nor issuer. What they saw is either somebody else's
    assessment (3, third party) or the claimant's own measurement or record (2, device), never a bare word: without
    evidence nothing is submitted.
    """
    return 3 if any(piece["type"] == "third_party_cert" for piece in evidence) else 2


def reason_code(reason: str) -> int:
    """The code on chain of a reason to retire.

    Raises:
        InvalidInput: the reason is not known.
    """
    if reason not in REASONS:
        raise InvalidInput(f"{reason!r} is no known reason to retire.", field="reason", known=tuple(REASONS))
    return REASONS[reason]


def reason_text(code: int) -> str:
    """The reason that a code on chain stands for; `other` for codes that others invented."""
    return next((reason for reason, known in REASONS.items() if known == code), "other")


def accounting_period(period: str | None) -> int:
    """A period as the chain keeps it: YYYY or YYYYMM as a number, 0 for none. Reads 2025, 202503 and 2025-03.

    Raises:
        InvalidInput: it is neither a year nor a month.
    """
    if period is None:
        return 0
    match = _PERIOD.fullmatch(period)
    if match is None or match[1] == "0000":
        raise InvalidInput("A period is a year (2025) or a month (2025-03).", field="period")
    return int(match[1] + (match[2] or ""))


def period_text(period: int) -> str | None:
    """The period as people write it: 2025 or 2025-03."""
    if period == 0:
        return None
    text = str(period)
    return text if len(text) <= 4 else f"{text[:-2]}-{text[-2:]}"  # noqa: PLR2004  # the digits of a year
