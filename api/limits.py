"""How many requests an account has in an hour, by its tier. Counted in this process: with n replicas, n times that."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ledger.accounts import Account

WINDOW_SECONDS = 3600
REQUESTS_BY_TIER = {"free": 1_000, "basic": 10_000, "pro": 100_000, "enterprise": None}
"""Requests in a window; None is no limit."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of an account's window after a request."""

    limit: int
    remaining: int
    """Below zero once the limit is passed."""
    reset: int
    """When the next window begins, in seconds since 1970."""
    retry_after: int
    """Seconds until then."""

    @property
    def headers(self) -> dict[str, str]:
        """As the standard's headers say it."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.remaining, 0)),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Window": str(WINDOW_SECONDS),
        }


class Limiter:
    """Counts requests of accounts in windows of an hour, which begin on the hour."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Takes the clock that windows are read from."""
        self._clock = clock
        self._window = 0
        self._used: dict[int, int] = {}

    def take(self, account: Account) -> Allowance | None:
        """Counts one request of the account; None where its tier has no limit."""
        limit = REQUESTS_BY_TIER[account.tier]
        if limit is None:
            return None
        moment = self._clock().timestamp()
        window = int(moment // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._used = window, {}
        used = self._used[account.account_id] = self._used.get(account.account_id, 0) + 1
        reset = (window + 1) * WINDOW_SECONDS
        return Allowance(limit, limit - used, reset, math.ceil(reset - moment))
