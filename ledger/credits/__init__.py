"""Credits: claimed, verified, issued, held, retired, certified."""

from ledger.credits.available import Reserved, available_kg
from ledger.credits.certificate import BatchShare, Certificate, certificate
from ledger.credits.commands import (
    Claim,
    Decision,
    Earned,
    Evidence,
    Issued,
    RetirementRequest,
    Submission,
    decide,
    earn,
    issue,
    retire,
    submit,
)
from ledger.credits.errors import EvidenceUsed, InvalidClaim, NoVerifierAvailable
from ledger.credits.models import Credit, Retirement, Verification
from ledger.credits.queries import Balance, VerificationView, balance, minted, verification
from ledger.credits.rules import VERIFICATION_HOURS, EvidenceType, positive_kg

__all__ = [
    "VERIFICATION_HOURS",
    "Balance",
    "BatchShare",
    "Certificate",
    "Claim",
    "Credit",
    "Decision",
    "Earned",
    "Evidence",
    "EvidenceType",
    "EvidenceUsed",
    "InvalidClaim",
    "Issued",
    "NoVerifierAvailable",
    "Reserved",
    "Retirement",
    "RetirementRequest",
    "Submission",
    "Verification",
    "VerificationView",
    "available_kg",
    "balance",
    "certificate",
    "decide",
    "earn",
    "issue",
    "minted",
    "positive_kg",
    "retire",
    "submit",
    "verification",
]
