"""What a trader can do wrong beyond the standard's own numbers."""

from ledger.kernel.errors import Conflict, InvalidEmissionData, InvalidInput


class InvalidTerms(InvalidInput):
    """A price, currency, minimum, end or maximum that nobody can have meant; the standard counts it as bad data."""

    code = InvalidEmissionData.code
    number = InvalidEmissionData.number


class BelowMinimumPurchase(InvalidInput):
    """Less than the seller sells at once."""

    code = "BELOW_MINIMUM_PURCHASE"


class OwnListing(Conflict):
    """The buyer is the seller: the market never settles an order with its own maker."""

    code = "OWN_LISTING"
