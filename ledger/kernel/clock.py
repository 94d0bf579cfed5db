"""The one place that asks what time it is. Order between facts never comes from here."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # this is the clock


def iso(moment: datetime) -> str:
    """A moment as the standard writes it: ISO 8601, UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
