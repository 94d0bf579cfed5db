"""What traders do."""

from ledger.market.commands.buy import Bought, Demand, buy
from ledger.market.commands.list_credits import list_credits

__all__ = ["Bought", "Demand", "buy", "list_credits"]
