"""Indexers in processes of their own, to be started, killed and looked after like a supervisor does."""

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from ledger.kernel.faults import FaultPoint
from tests.support.storm import indexing_process
from tests.support.storm.indexing_process import Orders

KILLED = -9
WRONG_CHAIN = "indexer.errors.WrongChain"
MOST = 3


@dataclass(frozen=True, slots=True)
class Running:
    """A process that was started, and what it was told."""

    process: BaseProcess
    orders: Orders


class UnexpectedEnd(AssertionError):
    """An indexer stopped by itself where it should have gone on."""


class Indexers:
    """All indexers of one chain. New ones are forked from a process that has imported everything already."""

    def __init__(self, folder: Path, *, database_url: str, rpc_url: str, window: int) -> None:
        self._folder = folder
        self._database_url = database_url
        self._rpc_url = rpc_url
        self._window = window
        self._started = 0
        self.may_stop = False
        """Whether some have been shown another chain, so that they may have stopped for a person to look."""
        self._running: list[Running] = []
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["pytest", indexing_process.__name__])

    def start(
        self, *, blocks_per_chunk: int, fault: FaultPoint | None = None, passes: int = 1, believes_to_lead: bool = False
    ) -> None:
        """Starts one more, unless there are enough."""
        self.bury()
        if len(self._running) >= MOST:
            return
        self._started += 1
        orders = Orders(
            self._database_url,
            self._rpc_url,
            self._window,
            blocks_per_chunk,
            f"{fault}:{passes}" if fault else "",
            believes_to_lead,
            self._folder / f"indexer-{self._started}.log",
        )
        orders.log.touch()
        process = self._processes.Process(target=indexing_process.run, args=(orders,))
        process.start()
        self._running.append(Running(process, orders))

    def kill(self, which: int) -> None:
        """Kills one of them, at whatever it is doing."""
        self.bury()
        if self._running:
            _kill(self._running.pop(which % len(self._running)))

    def kill_all(self) -> None:
        """Kills them all."""
        while self._running:
            _kill(self._running.pop())

    def look_after(self) -> None:
        """Sees that one runs that will not kill itself.

        Raises:
            UnexpectedEnd: one stopped that should not have.
        """
        if self.may_stop:
            self.bury()
            self.kill_all()
            self.may_stop = False
        self.bury()
        for doomed in [each for each in self._running if each.orders.fault]:
            self._running.remove(doomed)
            _kill(doomed)
        if not self._running:
            self.start(blocks_per_chunk=50)

    def words(self) -> str:
        """What those that run have said so far, and what they are doing."""
        for each in self._running:
            os.kill(each.process.pid or 0, signal.SIGUSR1)
        time.sleep(0.3)
        return "\n".join(f"{each.orders.log.name}:\n{each.orders.log.read_text()}" for each in self._running)

    def bury(self) -> None:
        """Forgets those that were to die and did.

        Raises:
            UnexpectedEnd: one stopped that should not have.
        """
        for ended in [each for each in self._running if not each.process.is_alive()]:
            self._running.remove(ended)
            code, words = ended.process.exitcode, ended.orders.log.read_text()
            ended.process.close()
            if not (code == KILLED and ended.orders.fault) and not (self.may_stop and WRONG_CHAIN in words):
                raise UnexpectedEnd(f"an indexer ended with {code}:\n{words}")


def _kill(running: Running) -> None:
    running.process.kill()
    running.process.join()
    running.process.close()
