"""What can be wrong with a claim, a verification or a retirement, beyond the kernel's errors."""

from ledger.kernel.errors import Conflict, CreditVerificationFailed, InvalidEmissionData, InvalidInput


class InvalidClaim(CreditVerificationFailed):
    """A claim that cannot be true, or is out of a credit's bounds: it fails before any verifier sees it."""


class InvalidAmount(InvalidInput):
    """An amount of CO2e that is not a whole number of kilograms above zero; the standard counts it as bad data."""

    code = InvalidEmissionData.code
    number = InvalidEmissionData.number


class EvidenceUsed(Conflict):
    """The evidence stands for another claim already. Whose is not told."""

    code = "EVIDENCE_ALREADY_CLAIMED"


class NoVerifierAvailable(Conflict):
    """Nobody is there to verify the claim."""

    code = "NO_VERIFIER_AVAILABLE"
