"""The indexer as it runs in a process of its own, until it is killed or stops by itself."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

import ledger.accounts  # noqa: F401  # intents refer to accounts
from indexer import Indexer
from indexer.leader import Lead
from ledger.chain import Rpc
from ledger.db.session import Sessions, create_engine, create_sessions
from tests.support.indexing import make_indexer
from tests.support.storm.haste import HastyLoop

POLL_SECONDS = 1.0
"""By the hasty loop's clock."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process is told at its birth."""

    database_url: str
    rpc_url: str
    window: int
    blocks_per_chunk: int
    fault: str
    """Where it kills itself, as CCM_FAULT says it."""
    believes_to_lead: bool
    """Whether it takes the lead without asking whether another has it: then only the cursor's fence protects."""
    log: Path
    """Where its words go, and why it ended."""


def run(orders: Orders) -> None:
    """Indexes until it is killed, or until the indexer itself stops; then the process ends with 1."""
    os.environ["CCM_FAULT"] = orders.fault
    with orders.log.open("wb") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    logging.basicConfig(stream=sys.stderr, format="%(relativeCreated)d %(name)s %(message)s", force=True)
    logging.getLogger().addHandler(_EndsAtCritical(logging.CRITICAL))
    if orders.believes_to_lead:
        Lead.take = _always  # type: ignore[method-assign]  # the lock is what this process does without
    loop: Callable[[], asyncio.AbstractEventLoop] = HastyLoop
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_index(orders))


async def _index(orders: Orders) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _tell_what_it_does)
    sessions = create_sessions(create_engine(orders.database_url, pool_size=3))
    async with Rpc(orders.rpc_url) as rpc:
        await (await _made(sessions, rpc, orders)).run(asyncio.Event())


async def _made(sessions: Sessions, rpc: Rpc, orders: Orders) -> Indexer:
    """An indexer, as soon as the database tells it where the contracts are."""
    while True:
        try:
            return await make_indexer(
                sessions,
                rpc,
                window=orders.window,
                poll_seconds=POLL_SECONDS,
                blocks_per_chunk=orders.blocks_per_chunk,
            )
        except (DBAPIError, OSError):
            await asyncio.sleep(POLL_SECONDS)


class _EndsAtCritical(logging.Handler):
    """No event of the storm is poisonous: an indexer that says so and waits for a person is to be noticed."""

    def emit(self, record: logging.LogRecord) -> None:
        """Ends the process; what it said is in its log already."""
        del record
        sys.stderr.flush()
        os._exit(1)


def _tell_what_it_does() -> None:
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)
    sys.stderr.flush()


async def _always(self: Lead) -> bool:
    self.held = False
    return True
