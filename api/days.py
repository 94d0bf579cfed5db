"""Days that a query names."""

from datetime import UTC, date, datetime

from ledger.kernel.errors import InvalidInput


def asked_day(name: str, text: str) -> date:
    """The day that a parameter names; of a moment, its day in UTC (a moment without a zone is UTC).

    Raises:
        InvalidInput: the text is no day, or one that does not exist. `name` is the parameter's.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{name}: {text[:100]!r} is no day that exists; write it as 2025-01-15.", field=name
        ) from None
