"""Domain events, told once the change they tell of is committed."""

from ledger.events.outbox import record

__all__ = ["record"]
