"""Domain events, told once the change they tell of is committed."""

from ledger.events.outbox import Place, record
from ledger.events.withdrawals import withdraw

__all__ = ["Place", "record", "withdraw"]
