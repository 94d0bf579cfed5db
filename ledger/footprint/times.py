"""Moments and days as clients write them: ISO 8601 with or without an offset, and SAP's 20250115."""

from datetime import UTC, date, datetime

from ledger.kernel.errors import InvalidEmissionData, InvalidInput


def moment(text: str) -> datetime:
    """A moment in UTC. Without an offset it is meant in UTC; a bare date is its first moment.

    Raises:
        ValueError: the text is no moment, or one that does not exist.
    """
    try:
        written = datetime.fromisoformat(text)
        return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no moment that exists, such as 2025-01-15T10:30:00Z") from None


def occurred_at(text: str) -> datetime:
    """When an activity happened, in UTC.

    Raises:
        InvalidEmissionData: the text is no moment, or one that does not exist.
    """
    try:
        return moment(text)
    except ValueError as wrong:
        raise InvalidEmissionData(f"timestamp: {wrong}.", field="timestamp") from None


def asked_day(name: str, text: str) -> date:
    """A day that somebody asks about; of a moment, its day in UTC. `name` is the parameter's.

    Raises:
        InvalidInput: the text is no day, or one that does not exist.
    """
    try:
        return moment(text).date()
    except ValueError:
        raise InvalidInput(f"{name}: {text!r} is no day that exists, such as 2025-01-15.", field=name) from None
