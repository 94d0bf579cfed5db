"""Credits: claimed, verified, issued, held, retired, certified."""

from ledger.credits.available import Reserved, available_kg
from ledger.credits.certificate import BatchShare, Certificate, certificate
from ledger.credits.certificate_pdf import certificate_pdf
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
from ledger.credits.errors import EvidenceUsed, InvalidAmount, InvalidClaim, NoVerifierAvailable
from ledger.credits.models import Credit, Retirement, Verification
from ledger.credits.queries import Balance, VerificationView, balance, credited_kg, retired_at, verification
from ledger.credits.rules import VERIFICATION_HOURS, EvidenceType, exact_kg, positive_kg

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
    "InvalidAmount",
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
    "certificate_pdf",
    "credited_kg",
    "decide",
    "earn",
    "exact_kg",
    "issue",
    "positive_kg",
    "retire",
    "retired_at",
    "submit",
    "verification",
]
