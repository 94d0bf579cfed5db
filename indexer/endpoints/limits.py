"""What an endpoint has taught about how much may be asked at once, and how often."""

from dataclasses import dataclass

from indexer.endpoints.refusals import Kind, Refusal

LOGS_PER_ANSWER = 13_000
"""About as many logs are asked for at once: 9 MB of JSON, and as much again while it is decoded. Two are in memory."""

FIRST_WIDTH = 64
WIDEST = 100_000
CALLS_PER_BATCH = 100
FINE_STEPS = 16
"""Where something was refused for reasons unknown, the way back up takes this many steps."""

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
SLOWEST_PER_SECOND = 0.5
RATE_STEP = 0.01
"""By how many requests a second each answer raises a rate that was learned."""


@dataclass(slots=True)
class Limits:
    """How wide a range to ask for next: additive increase, multiplicative decrease, by the logs in each answer.

    What an endpoint said or showed once is remembered for good: an answer never widens the range past `blocks`, nor to
    where more than `results` logs are to be expected.
    """

    width: int = FIRST_WIDTH
    """Blocks to ask for next."""
    blocks: int = WIDEST
    """The most blocks that may be asked for."""
    results: int | None = None
    """The most logs that are answered, where that was ever said."""
    batch: int = CALLS_PER_BATCH
    """The most calls in one request."""
    threshold: int = WIDEST
    """Up to here the width doubles while answers are small; above, it grows by small steps."""

    @property
    def logs_per_answer(self) -> int:
        """How many logs an answer should have: half of what may be answered, so that a denser stretch still fits."""
        return LOGS_PER_ANSWER if self.results is None else max(1, min(LOGS_PER_ANSWER, self.results // 2))

    def answered(self, blocks: int, logs: int) -> None:
        """Learns from an answer: `logs` in so many `blocks`."""
        if logs > self.logs_per_answer:
            self._go_to(blocks // 2)
        elif blocks < self.width:
            return  # the range ended early, at the head: it says nothing of wider ones
        elif 4 * logs < self.logs_per_answer and self.width < self.threshold:
            self._go_to(min(2 * self.width, self.threshold))
        else:
            self._go_to(self.width + max(1, self.width // FINE_STEPS))

    def refused(self, refusal: Refusal, blocks: int) -> bool:
        """Learns from a refusal to tell of so many `blocks`; whether there is something smaller to ask for."""
        smaller = blocks // 2
        if refusal.kind == Kind.BLOCKS:
            # A number that does not explain the refusal is the limit of another plan.
            explains = refusal.limit is not None and 0 < refusal.limit < blocks
            self.blocks = max(1, min(self.blocks, refusal.limit if explains and refusal.limit else smaller))
        elif refusal.limit is not None:
            self.results = refusal.limit if self.results is None else min(self.results, refusal.limit)
        elif refusal.width is None:
            self.threshold = max(1, smaller)
        if refusal.width is not None and refusal.width < blocks:
            smaller = refusal.width
        self._go_to(smaller)
        return blocks > 1

    def struggled(self, blocks: int) -> None:
        """Learns from an answer to so many `blocks` that did not come, or not whole."""
        self.threshold = max(1, blocks // 2)
        self._go_to(blocks // 2)

    def refused_batch(self, refusal: Refusal, calls: int) -> bool:
        """Learns from a refusal of so many `calls` in one request; whether there is something smaller to ask."""
        explains = refusal.limit is not None and 0 < refusal.limit < calls
        self.batch = refusal.limit if explains and refusal.limit else max(1, calls // 2)
        return calls > 1

    def _go_to(self, width: int) -> None:
        self.width = max(1, min(width, self.blocks))


@dataclass(slots=True)
class Rate:
    """How often an endpoint may be asked. Moments are seconds of the event loop's clock."""

    per_second: float | None = None
    """Requests a second, once an endpoint had enough of them; None before."""
    closed_until: float = 0
    _second: float = 0
    _asked: int = 0
    _throttles: int = 0
    _next: float = 0

    def wait_seconds(self, now: float) -> float:
        """How long to wait before the next request."""
        return max(0.0, self.closed_until - now, self._next - now)

    def asked(self, now: float) -> None:
        """Counts a request."""
        if now - self._second >= 1:
            self._second, self._asked = now, 0
        self._asked += 1
        if self.per_second is not None:
            self._next = now + 1 / self.per_second

    def served(self) -> None:
        """Counts an answer: each lets the rate grow by a little again."""
        self._throttles = 0
        if self.per_second is not None:
            self.per_second += RATE_STEP

    def throttled(self, now: float, retry_after: float | None) -> None:
        """Learns from "too many requests", and when to come back: after what was said, or after ever longer pauses."""
        pause = (
            retry_after
            if retry_after is not None
            else min(FIRST_PAUSE_SECONDS * 2**self._throttles, LONGEST_PAUSE_SECONDS)
        )
        self._throttles += 1
        self.closed_until = max(self.closed_until, now + pause)
        seen = self._asked / max(1.0, now - self._second)
        self.per_second = max(SLOWEST_PER_SECOND, min(seen, self.per_second or seen) / 2)
