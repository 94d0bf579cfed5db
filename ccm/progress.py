"""Bars with rate and time left, for work that takes long, where a person looks on; lines of the log elsewhere."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ledger.chain.following import Following

log = logging.getLogger(__name__)

LOG_SECONDS = 10.0

Report = Callable[[str, int, int], None]
"""Told how far a step is: its name, what is done, and of how much."""


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


def bars(console: Console | None = None) -> Progress:
    """Bars on the error stream. Where that is no terminal they show nothing."""
    shown = console or Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)


@contextmanager
def reporting() -> Iterator[Report]:
    """A bar for each step that is reported, gone at the end."""
    with bars() as progress:
        yield _on(progress)


@contextmanager
def catching_up(
    followings: Sequence[Following], console: Console | None = None, log_seconds: float = LOG_SECONDS
) -> Iterator[Callable[[], None]]:
    """Shows how far indexers are that have their chain's history before them, whenever what it yields is called.

    In a terminal by a bar for each network; elsewhere by a line of the log now and then.
    """
    begun, told_at = time.monotonic(), time.monotonic()
    first = {each.network: each.next_block for each in followings}
    with bars(console) as progress:
        report = _on(progress)

        def tell() -> None:
            nonlocal told_at
            is_due = progress.disable and time.monotonic() - told_at >= log_seconds
            for following in followings:
                network, lag, next_block = following.network, following.lag_blocks(), following.next_block
                if lag is None or next_block is None:
                    continue
                if first[network] is None:
                    first[network] = next_block
                report(network, next_block, next_block + lag)
                if is_due and lag:
                    _log(following, next_block - (first[network] or 0), time.monotonic() - begun)
            if is_due:
                told_at = time.monotonic()

        yield tell


def _on(progress: Progress) -> Report:
    tasks: dict[str, TaskID] = {}

    def report(step: str, done: int, total: int) -> None:
        if step not in tasks:
            tasks[step] = progress.add_task(step)
        progress.update(tasks[step], completed=done, total=total)

    return report


def _log(following: Following, blocks: int, seconds: float) -> None:
    """A line about one network that is catching up, with its rate and the time left."""
    lag = following.lag_blocks() or 0
    rate = blocks / seconds if seconds > 0 else 0
    facts = {
        "network": following.network,
        "nextBlock": following.next_block,
        "headBlock": following.head_block,
        "blocksPerSecond": int(rate),
        "secondsLeft": int(lag / rate) if rate else None,
    }
    log.info("%s: %d blocks to catch up with", following.network, lag, extra={"facts": facts})
