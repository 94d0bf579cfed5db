"""What a trader can do wrong beyond the standard's own numbers."""

from ledger.kernel.errors import Conflict, InvalidInput


class BelowMinimumPurchase(InvalidInput):
    """Less than the seller sells at once."""

    code = "BELOW_MINIMUM_PURCHASE"


class OwnListing(Conflict):
    """The buyer is the seller: the market never settles an order with its own maker."""

    code = "OWN_LISTING"
