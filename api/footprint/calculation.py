"""The answer to a calculation, with all that it rests on."""

from decimal import Decimal
from typing import Self

from api.footprint.schemas import Warned
from api.schemas import Answer
from ledger.footprint import Assessment, Part
from ledger.kernel.units import EMISSION_UNIT


class Split(Answer):
    """By GHG Protocol scope, in kg CO2e: direct is scope 1, what the reporter burns; indirect is the rest."""

    direct_emissions: Decimal
    indirect_emissions: Decimal


class UsedFactor(Answer):
    """A factor and what it was multiplied with."""

    factor_id: str
    edition: str
    factor_set: str
    source: str
    licence: str
    region: str | None
    gwp_set: str | None
    scope: int
    quantity: Decimal
    unit: str
    co2_amount: Decimal

    @classmethod
    def of(cls, part: Part) -> Self:
        """The part as it is answered."""
        factor = part.factor
        return cls(
            factor_id=factor.factor_id,
            edition=factor.edition,
            factor_set=factor.factor_set,
            source=factor.source,
            licence=factor.licence,
            region=factor.region,
            gwp_set=factor.gwp_set,
            scope=factor.scope,
            quantity=part.shown_quantity,
            unit=factor.unit.name,
            co2_amount=part.co2.kg,
        )


class Calculated(Answer):
    """What an activity would emit. `emissionFactor` is None where several factors add up; each is in `factors`."""

    co2_amount: Decimal
    unit: str = EMISSION_UNIT
    emission_factor: Decimal | None
    emission_factor_unit: str | None
    calculation_method: str
    breakdown: Split
    factors: list[UsedFactor]
    warnings: list[Warned]

    @classmethod
    def of(cls, assessment: Assessment) -> Self:
        """The assessment of a report that states no amount, as it is answered."""
        if assessment.derivation is None:
            raise AssertionError("a report without a stated amount was not derived")
        per_unit = assessment.emission_factor_kg
        return cls(
            co2_amount=assessment.co2.kg,
            emission_factor=per_unit,
            emission_factor_unit=None if per_unit is None else f"{EMISSION_UNIT}/{assessment.unit}",
            calculation_method=assessment.derivation.method,
            breakdown=Split(
                direct_emissions=assessment.direct.kg,
                indirect_emissions=(assessment.co2 - assessment.direct).kg,
            ),
            factors=[UsedFactor.of(part) for part in assessment.derivation.parts],
            warnings=[Warned(code=notice.code, message=notice.message) for notice in assessment.notices],
        )
