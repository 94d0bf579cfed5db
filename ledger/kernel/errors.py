"""What a user can do wrong, as types with a stable code and facts. Programmer mistakes are assertions, never these."""

from typing import ClassVar


class CcmError(Exception):
    """The base of all errors that are told to a user.

    `code` and `number` are the standard's where it has one (`number` is None elsewhere). `facts` says what a program
    needs to react; the message says to a person what to do.
    """

    code: ClassVar[str]
    number: ClassVar[int | None] = None

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class InvalidInput(CcmError):
    """A value that makes no sense where the standard has no number for it."""

    code = "INVALID_INPUT"


class NotFound(CcmError):
    """What was asked for does not exist, or belongs to somebody else: the two are not told apart."""

    code = "NOT_FOUND"


class Conflict(CcmError):
    """The request contradicts what already happened."""

    code = "CONFLICT"


class IdempotencyConflict(Conflict):
    """An idempotency key came again with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"


class InvalidEmissionData(CcmError):
    """An activity that cannot be measured as it was sent."""

    code = "INVALID_EMISSION_DATA"
    number = 1001


class CalculationFailed(CcmError):
    """No factor fits the activity."""

    code = "CALCULATION_FAILED"
    number = 1002


class InsufficientCredits(CcmError):
    """More credits than are available."""

    code = "INSUFFICIENT_CREDITS"
    number = 2001


class CreditVerificationFailed(CcmError):
    """The credit was not verified."""

    code = "CREDIT_VERIFICATION_FAILED"
    number = 2002


class InvalidCreditSource(CcmError):
    """A source that the standard does not know."""

    code = "INVALID_CREDIT_SOURCE"
    number = 2004


class ListingNotFound(CcmError):
    """The listing does not exist, or is over."""

    code = "LISTING_NOT_FOUND"
    number = 3001


class InsufficientFunds(CcmError):
    """More money than the buyer has."""

    code = "INSUFFICIENT_FUNDS"
    number = 3002


class PriceChanged(CcmError):
    """The total is above what the buyer agreed to pay."""

    code = "PRICE_CHANGED"
    number = 3003


class BlockchainUnavailable(CcmError):
    """The chain cannot be reached, or is not the one that was expected."""

    code = "BLOCKCHAIN_UNAVAILABLE"
    number = 4001


class TransactionFailed(CcmError):
    """The chain refused the transaction."""

    code = "TRANSACTION_FAILED"
    number = 4002


class WalletNotConnected(CcmError):
    """The account has no wallet on this network."""

    code = "WALLET_NOT_CONNECTED"
    number = 4004


class InvalidApiKey(CcmError):
    """No key, a malformed one, or one that is not known."""

    code = "INVALID_API_KEY"
    number = 5001


class TokenExpired(CcmError):
    """The key was good once."""

    code = "TOKEN_EXPIRED"
    number = 5002


class InsufficientPermissions(CcmError):
    """The account may not do this."""

    code = "INSUFFICIENT_PERMISSIONS"
    number = 5003
