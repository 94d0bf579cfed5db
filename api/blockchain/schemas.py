from typing import Literal

from api.schemas import Answer


class IntentStatus(Answer):
    """How far a write on the chain has come."""

    intent_id: int
    kind: str
    """issue, transfer, retire, place, settle or approve."""
    status: Literal["pending", "confirmed", "failed"]
    blockchain_tx: str | None
    block_number: int | None
    failure: str | None
    """Why it failed, in words."""
