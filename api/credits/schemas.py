from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field

from api.schemas import Answer, Body, ChainAnswer, Moment, Number, transaction_text
from ledger import credits
from ledger.chain import IntentState, Network
from ledger.kernel.ids import token_id
from ledger.kernel.units import CREDIT_UNIT, Kg

Line = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(max_length=2000)]


class Location(Body):
    """Where something happened, in degrees."""

    lat: Number
    lng: Number


class EarnRequest(Body):
    """A saving that the caller claims."""

    source: str
    """tree_planting, renewable_energy, energy_efficiency, public_transit, cycling_walking, waste_reduction or
    carbon_capture."""
    description: Words
    quantity: Number
    """kWh of renewable_energy and energy_efficiency, km of public_transit and cycling_walking, kg of waste_reduction
    and carbon_capture, trees and years of tree_planting."""
    timestamp: Moment | None = None
    """When it happened; now where it is missing."""
    location: Location | None = None
    proof: Line | None = None
    """Where the evidence is, e.g. ipfs://…; the same proof is claimed once."""
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    region: Line | None = None
    """For energy_efficiency: whose grid's factor counts; else the country's."""
    factor_id: Line | None = None
    """For energy_efficiency: the very factor that counts."""

    def claim(self, moment: datetime) -> credits.Claim:
        """The same, as the ledger takes it."""
        return credits.Claim(
            source=self.source,
            description=self.description,
            quantity=self.quantity,
            occurred_at=self.timestamp or moment,
            proof=self.proof,
            latitude=self.location.lat if self.location else None,
            longitude=self.location.lng if self.location else None,
            country=self.country,
            factor_id=self.factor_id,
            region=self.region,
        )


class Basis(Answer):
    """How a claimed saving was worked out."""

    action: str
    saving_per_unit: Decimal
    """kg CO2e saved for each unit of the quantity."""
    unit: str
    factor_id: str | None
    reference: str
    edition: str
    saved: Decimal
    """Quantity x savingPerUnit, in kg CO2e."""
    carried_in: Decimal
    """What earlier claims of the source left over below a kilogram, in kg CO2e."""
    carried_on: Decimal
    """What this claim leaves over for the next one, in kg CO2e."""


class Earned(Answer):
    """A claim that waits for its verifier."""

    credit_id: str
    amount: Decimal
    """Whole kilograms, in tonnes."""
    unit: str = CREDIT_UNIT
    source: str
    status: Literal["pending_verification"] = "pending_verification"
    estimated_verification_time: str
    verifier_assigned: str
    basis: Basis

    @classmethod
    def of(cls, earned: credits.Earned) -> Self:
        """The answer for this claim."""
        credit, basis = earned.credit, earned.credit.basis
        return cls(
            credit_id=credit.credit_id,
            amount=credit.claimed_kg.tonnes,
            source=credit.source,
            estimated_verification_time=f"{credits.VERIFICATION_HOURS} hours",
            verifier_assigned=earned.verifier,
            basis=Basis(
                action=basis["action"],
                saving_per_unit=Decimal(basis["kgPerUnit"]),
                unit=credit.unit,
                factor_id=basis["factorId"],
                reference=basis["reference"],
                edition=basis["edition"],
                saved=credit.saved_mg.kg,
                carried_in=credits.exact_kg(basis["carriedInMg"]),
                carried_on=earned.carried_kg,
            ),
        )


class RetireRequest(Body):
    """Credits that the caller retires for ever."""

    amount: Number
    """Tonnes, three decimals."""
    reason: str
    """personal_offset, corporate_offset, event, product or other."""
    note: Words | None = None
    beneficiary: Line | None = None
    """A name to show on the certificate; the chain gets a commitment to it, never the name."""
    period: int | str | None = None
    """The accounting period that it counts for: a year (2025) or a month (2025-03)."""

    def request(self) -> credits.RetirementRequest:
        """The same, as the ledger takes it."""
        return credits.RetirementRequest(
            kg=credits.positive_kg("amount", self.amount),
            reason=self.reason,
            period=None if self.period is None else str(self.period),
            note=self.note,
            beneficiary=self.beneficiary,
        )


class Retired(ChainAnswer):
    """A retirement: pending until the chain has it, then permanent."""

    retirement_id: str
    amount: Decimal
    unit: str = CREDIT_UNIT
    reason: str
    retired_at: datetime
    """The time of the block; of the request while it is pending."""
    permanent: Literal[True] = True
    certificate: str
    """Where the PDF is, once the retirement is confirmed."""

    @classmethod
    def of(cls, retirement: credits.Retirement, moment: datetime, certificate: str) -> Self:
        """The answer for this retirement, before the chain has it."""
        return cls(
            retirement_id=retirement.retirement_id,
            amount=retirement.kg.tonnes,
            reason=retirement.reason,
            retired_at=moment,
            certificate=certificate,
        )

    def at(self, block_time: datetime | None) -> Self:
        """The same once the chain has told when."""
        return self if block_time is None else self.model_copy(update={"retired_at": block_time})


class MintRequest(Body):
    """A verified claim that shall become credits."""

    credit_id: str
    network: str
    """ethereum, polygon, avalanche or binance; the one that is served here."""


class Minted(ChainAnswer):
    """A credit on its way to the chain, or there."""

    credit_id: str
    token_id: str
    contract_address: str
    network: str
    transaction_hash: str | None = None
    amount: Decimal
    """What was verified."""
    buffer_amount: Decimal | None = None
    """What of it the batch's buffer keeps back; null until the chain has told."""
    credited_amount: Decimal | None = None
    """By how much the balance rises: amount less bufferAmount."""
    unit: str = CREDIT_UNIT

    @classmethod
    def of(cls, issued: credits.Issued, network: Network) -> Self:
        """The answer for this credit, before the chain has it."""
        return cls(
            credit_id=issued.credit.credit_id,
            token_id=token_id(issued.credit.credit_id),
            contract_address=f"0x{network.contracts.credit.hex()}",
            network=network.name,
            amount=issued.kg.tonnes,
        )

    def settled(self, state: IntentState, status_url: str) -> Self:
        """The same with the transaction under the name that this call has for it."""
        return super().settled(state, status_url).model_copy(update={"transaction_hash": transaction_text(state)})

    def credited(self, kg: Kg | None) -> Self:
        """The same once the chain has told how much the owner got."""
        if kg is None:
            return self
        return self.model_copy(update={"credited_amount": kg.tonnes, "buffer_amount": self.amount - kg.tonnes})
