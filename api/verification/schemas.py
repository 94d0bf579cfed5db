from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field

from api.schemas import Answer, Body, Moment, Number
from ledger import credits
from ledger.kernel.units import CREDIT_UNIT

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class EvidencePiece(Body):
    """Something that the verifier can look at."""

    type: credits.EvidenceType
    url: Text
    hash: Text
    """Of what stands at the url."""
    timestamp: Moment


class SubmitRequest(Body):
    """A claim of the caller's, with its evidence."""

    credit_id: str
    amount: Number
    """Tonnes, as they were claimed."""
    evidence: Annotated[list[EvidencePiece], Field(min_length=1, max_length=100)]
    claimant_id: str | None = None
    source: str | None = None

    def submission(self) -> credits.Submission:
        """The same, as the ledger takes it."""
        return credits.Submission(
            credit_id=self.credit_id,
            kg=credits.positive_kg("amount", self.amount),
            evidence=[
                credits.Evidence(kind=piece.type, url=piece.url, hash=piece.hash, taken_at=piece.timestamp)
                for piece in self.evidence
            ],
            claimant=self.claimant_id,
            source=self.source,
        )


class DecisionRequest(Body):
    """What the verifier concludes."""

    decision: Literal["approved", "rejected"]
    amount: Number | None = None
    """Tonnes that are approved, at most the claimed ones; all of them where it is missing."""
    confidence: Annotated[Number, Field(ge=0, le=1)]
    notes: Annotated[str, Field(max_length=2000)] | None = None

    def conclusion(self) -> credits.Decision:
        """The same, as the ledger takes it."""
        return credits.Decision(
            approved=self.decision == "approved",
            confidence=self.confidence,
            kg=None if self.amount is None else credits.positive_kg("amount", self.amount),
            notes=self.notes,
        )


class EvidenceItem(Answer):
    """A piece of evidence as it was handed in."""

    type: credits.EvidenceType
    url: str
    hash: str
    timestamp: str


class VerificationAnswer(Answer):
    """A claim before its verifier, and what was decided."""

    verification_id: str
    credit_id: str
    claimant_id: str
    verifier_id: str
    source: str
    status: Literal["submitted", "approved", "rejected"]
    verified: bool
    claimed_amount: Decimal
    amount: Decimal | None
    """What was approved."""
    unit: str = CREDIT_UNIT
    evidence: Sequence[EvidenceItem]
    confidence: Decimal | None
    notes: str | None
    record_hash: str | None
    """SHA-256 of the decision's canonical JSON: what the chain holds as the reason of the issuance."""
    submitted_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, view: credits.VerificationView) -> Self:
        """The verification as it is shown."""
        verification, credit = view.verification, view.credit
        record_hash = verification.record_hash
        return cls.model_validate(
            {
                "verification_id": verification.verification_id,
                "credit_id": credit.credit_id,
                "claimant_id": view.claimant,
                "verifier_id": view.verifier,
                "source": credit.source,
                "status": verification.status,
                "verified": verification.status == "approved",
                "claimed_amount": credit.claimed_kg.tonnes,
                "amount": None if credit.verified_kg is None else credit.verified_kg.tonnes,
                "evidence": verification.evidence,
                "confidence": verification.confidence,
                "notes": verification.notes,
                "record_hash": None if record_hash is None else f"sha256:{record_hash.hex()}",
                "submitted_at": verification.recorded_at,
                "decided_at": verification.decided_at,
            }
        )
