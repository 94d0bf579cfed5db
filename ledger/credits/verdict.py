"""The record of a verifier's decision. Its hash goes on chain, so it can be made again from what is stored."""

from ledger.credits.models import Credit, Verification
from ledger.kernel.clock import iso
from ledger.kernel.units import Kg
from ledger.records import Content

RECORD_VERSION = 1


def decision_record(credit: Credit, verification: Verification, claimant: str, verifier: str) -> dict[str, Content]:
    """What was claimed, on which evidence, and what was decided; claimant and verifier by their public ids.

    Masses are in whole mg and kg; other numbers stand as text, since JSON would round them.
    """
    if verification.decided_at is None:
        raise AssertionError("a record is made of a decision")
    return {
        "record": "verification",
        "version": RECORD_VERSION,
        "verificationId": verification.verification_id,
        "creditId": credit.credit_id,
        "claimantId": claimant,
        "verifierId": verifier,
        "source": credit.source,
        "quantity": f"{credit.quantity:f}",
        "unit": credit.unit,
        "basis": credit.basis,
        "savedMg": int(credit.saved_mg),
        "claimedKg": int(credit.claimed_kg),
        "country": credit.country,
        "occurredAt": iso(credit.occurred_at),
        "proof": credit.proof,
        "evidence": verification.evidence,
        "decision": verification.status,
        "approvedKg": int(credit.verified_kg or Kg(0)),
        "confidence": f"{verification.confidence:f}",
        "notes": verification.notes,
        "decidedAt": iso(verification.decided_at),
    }
