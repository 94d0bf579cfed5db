"""What claimants, verifiers and holders do."""

from ledger.credits.commands.decide import Decision, decide
from ledger.credits.commands.earn import Claim, Earned, earn
from ledger.credits.commands.issue import Issued, issue
from ledger.credits.commands.retire import RetirementRequest, retire
from ledger.credits.commands.submit import Evidence, Submission, submit

__all__ = [
    "Claim",
    "Decision",
    "Earned",
    "Evidence",
    "Issued",
    "RetirementRequest",
    "Submission",
    "decide",
    "earn",
    "issue",
    "retire",
    "submit",
]
