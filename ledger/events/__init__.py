"""Domain events, told once the change they tell of is committed."""

from ledger.events.outbox import Fact, record, record_all
from ledger.events.withdrawals import standing, withdraw, withdraw_those

__all__ = ["Fact", "record", "record_all", "standing", "withdraw", "withdraw_those"]
