"""The indexers of all networks, side by side in one process: where one stops, the others go on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from indexer.errors import IndexerFailed
from indexer.follow import LONGEST_PAUSE_SECONDS, Indexer, wait
from indexer.metrics import Monitor
from ledger.kernel.errors import CcmError

log = logging.getLogger(__name__)

Make = Callable[[Monitor], Awaitable[Indexer]]
"""Makes a network's indexer, once the database knows the network's chain and contracts.

It raises ConnectionError where the network's nodes have to be asked first and do not answer: then it is tried again.
"""


class Fleet:
    """Follows every network, each with its own cursor, until told to stop."""

    def __init__(self, makers: Mapping[str, Make], monitors: Mapping[str, Monitor]) -> None:
        """Takes what makes each network's indexer, and where that one tells of itself, by network."""
        self._makers = makers
        self._monitors = monitors
        self._indexers: dict[str, Indexer] = {}

    def is_at_head(self, network: str) -> bool:
        """Whether the mirror of this network showed the chain's newest block when it last looked."""
        return network in self._indexers and self._indexers[network].at_head

    def has_stopped(self, network: str) -> bool:
        """Whether this network is followed no longer."""
        return self._monitors[network].following.stopped is not None

    async def run(self, stop: asyncio.Event) -> None:
        """Follows all networks until `stop` is set.

        Raises:
            CcmError: none is followed any longer; the reason of the first one that is told here.
        """
        failures = await asyncio.gather(*(self._follow(network, stop) for network in self._makers))
        first = next((failure for failure in failures if failure is not None), None)
        if first is not None and not stop.is_set():
            raise first

    async def _follow(self, network: str, stop: asyncio.Event) -> CcmError | None:
        """Follows one network. Whatever ends that, a mistake of ours too, ends it for this network only."""
        try:
            indexer = await self._made(network, stop)
            if indexer is not None:
                await indexer.run(stop)
        except CcmError as error:
            failure, trace = error, None
        except Exception as error:  # noqa: BLE001  # told below, with its traceback
            failure, trace = IndexerFailed(f"The indexer failed ({type(error).__name__}: {error})."), error
        else:
            return None
        self._monitors[network].stopped(failure)
        facts = {"network": network, "code": failure.code, **failure.facts}
        log.critical("%s is followed no longer: %s", network, failure.message, exc_info=trace, extra={"facts": facts})
        return failure

    async def _made(self, network: str, stop: asyncio.Event) -> Indexer | None:
        while not stop.is_set():
            try:
                self._indexers[network] = await self._makers[network](self._monitors[network])
            except ConnectionError as error:
                log.warning("%s is not followed yet: %s", network, error)
                await wait(stop, LONGEST_PAUSE_SECONDS)
            else:
                return self._indexers[network]
        return None
