"""Domain events, told once the change they tell of is committed."""

from ledger.events.outbox import Place, record
from ledger.events.withdrawals import standing, withdraw, withdraw_those

__all__ = ["Place", "record", "standing", "withdraw", "withdraw_those"]
