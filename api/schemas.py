"""What requests and answers are made of: camelCase names, exact numbers, moments in UTC."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from ledger.chain import IntentState


def _number(value: object) -> object:
    """A JSON number as Decimal. Text, true and null are no numbers, whatever they look like."""
    return Decimal(value) if type(value) is int else value


def _moment(value: object) -> object:
    """A moment out of ISO 8601 text, in UTC; a time without a zone is UTC, a bare or compact date its midnight."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no moment that exists; write it as 2025-01-15T10:30:00Z") from None


Number = Annotated[Decimal, BeforeValidator(_number)]
"""A number of a request, exactly as it was sent."""

Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A moment of a request, in UTC."""


class Body(BaseModel):
    """The body of a request. Types are strict: text is no number, and 1 is not true. Unknown fields are ignored."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True
    )

    needs_one_of: ClassVar[tuple[str, ...]] = ()
    """Fields by their JSON names, of which at least one must be there and not null."""


class Answer(BaseModel):
    """The body of an answer. Only its own fields go out."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True
    )


class ChainAnswer(Answer):
    """The answer to a write that the chain carries out: pending until the mirror shows it at the network's depth."""

    # A schema that has other words for them narrows it.
    status: str = "pending"
    """pending, or confirmed once the mirror shows it at the network's depth."""
    blockchain_tx: str | None = None
    """The hash of the transaction, once there is one."""
    status_url: str | None = None
    """Where to ask how far a pending write has come."""

    def settled(self, state: IntentState, status_url: str) -> Self:
        """This answer with what the chain says by now. A schema whose fields have other names overrides this."""
        confirmed = state.status == "confirmed"
        return self.model_copy(
            update={
                "status": "confirmed" if confirmed else "pending",
                "blockchain_tx": transaction_text(state),
                "status_url": None if confirmed else status_url,
            }
        )


def transaction_text(state: IntentState) -> str | None:
    """The transaction that carries the intent, as 0x text, once there is one."""
    return None if state.transaction_hash is None else f"0x{state.transaction_hash.hex()}"
