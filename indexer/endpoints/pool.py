"""The endpoints of one chain, and which of them to ask."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from indexer.endpoints.endpoint import Endpoint
from indexer.endpoints.errors import EndpointFailed
from indexer.errors import InconsistentAnswer, PoisonousEvent, WrongChain
from indexer.wire import Header
from ledger.chain.rpc import Rpc, RpcError, to_bytes, to_hex, to_int

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 1.0
"""An endpoint that wants to be left alone for longer is not waited for: others are asked, or the caller is told."""

STRAGGLERS_SECONDS = 1.0
"""Where all are asked, those that take longer than this and than the first have no say."""

_FAILURES = (EndpointFailed, InconsistentAnswer, PoisonousEvent, RpcError)
_TEXT = msgspec.json.Decoder(str)
_HEADER = msgspec.json.Decoder(Header)

T = TypeVar("T")
Question = Callable[[Endpoint], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a chain from all others."""

    chain_id: int
    genesis_hash: bytes


class Endpoints:
    """The nodes of one chain, the preferred one first. Whoever opened the connections closes them.

    `heads_urls` are WebSockets that tell of new blocks. A head that is lower than before is believed only when no
    endpoint shows a higher one for `patience_seconds`.
    """

    def __init__(
        self, rpcs: Sequence[Rpc], heads_urls: Sequence[str] = (), *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.all = [Endpoint(rpc) for rpc in rpcs]
        self.heads_urls = heads_urls
        self.patience_seconds = patience_seconds
        self._expected: Identity | None = None

    async def expect(self, chain_id: int, genesis_hash: bytes) -> None:
        """From now on only endpoints of this chain are asked; all that can be reached are checked now.

        Raises:
            WrongChain: every endpoint serves another one.
            EndpointFailed: none can be reached that does not.
        """
        self._expected = Identity(chain_id, genesis_hash)
        for endpoint in self.all:
            endpoint.is_checked, endpoint.barred = False, None
        await self.ask_each(self._identify)

    async def ask(self, question: Question[T], *, rather_not: Endpoint | None = None) -> T:
        """The answer of the fittest endpoint that gives one; `rather_not` is asked last.

        Raises:
            WrongChain: every endpoint turned out to serve another chain.
            EndpointFailed, InconsistentAnswer, PoisonousEvent, RpcError: what the last endpoint failed with.
        """
        failure: Exception | None = None
        for endpoint in self._by_fitness(rather_not):
            try:
                answer = await self._asked(endpoint, question)
            except _FAILURES as error:
                failure = error
            else:
                return answer
        raise self._final(failure)

    async def ask_each(self, question: Question[T]) -> list[tuple[Endpoint, T]]:
        """The answers of all endpoints that give one; once there is one, the others are not waited for long.

        Raises:
            As for `ask`, where none does.
        """
        asked = {each: asyncio.create_task(self._asked(each, question)) for each in self._by_fitness(None)}
        try:
            if asked:
                await asyncio.wait(asked.values(), timeout=STRAGGLERS_SECONDS)
            if not any(_answered(task) for task in asked.values()):
                await asyncio.gather(*asked.values(), return_exceptions=True)
        finally:
            for task in asked.values():
                task.cancel()
        answers = [(endpoint, task.result()) for endpoint, task in asked.items() if _answered(task)]
        if answers:
            return answers
        failures = [task.exception() for task in asked.values() if not task.cancelled()]
        raise self._final(failures[-1] if failures else None)

    async def _asked(self, endpoint: Endpoint, question: Question[T]) -> T:
        try:
            await self._identify(endpoint)
            answer = await question(endpoint)
        except _FAILURES as error:
            endpoint.failed("refused" if isinstance(error, RpcError) else error.fault)
            raise
        endpoint.served()
        return answer

    async def _identify(self, endpoint: Endpoint) -> None:
        """Makes sure that the endpoint serves our chain; puts it out of use where it does not."""
        if self._expected is None or endpoint.is_checked:
            return
        chain_id, genesis = await endpoint.ask([("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False))])
        served = Identity(to_int(_TEXT.decode(chain_id)), to_bytes(_HEADER.decode(genesis).hash))
        if served == self._expected:
            endpoint.is_checked = True
            return
        endpoint.barred = (
            f"The endpoint {endpoint.name} serves another chain than the one that is mirrored here (chain id "
            f"{served.chain_id}, genesis {to_hex(served.genesis_hash)}). Point BLOCKCHAIN_RPC at chain "
            f"{self._expected.chain_id} with genesis {to_hex(self._expected.genesis_hash)}, or start with an empty "
            "database."
        )
        log.error("%s It is not asked again.", endpoint.barred)
        raise EndpointFailed(endpoint.barred, fault="another chain", endpoint=endpoint.name)

    def _by_fitness(self, rather_not: Endpoint | None) -> list[Endpoint]:
        """Those that may be asked now: the healthy ones in their order, then those that failed lately."""
        now = asyncio.get_running_loop().time()
        usable = [each for each in self.all if each.barred is None and self._wait(each, now) <= LONGEST_WAIT_SECONDS]
        return sorted(usable, key=lambda each: (each is rather_not, max(0.0, each.shunned_until - now)))

    def _final(self, failure: BaseException | None) -> BaseException:
        """What to raise when no endpoint gave an answer; `failure` is what the last one that was asked failed with."""
        in_use = [each for each in self.all if each.barred is None]
        if not in_use:
            return WrongChain(" ".join(each.barred or "" for each in self.all))
        if failure is not None:
            return failure
        now = asyncio.get_running_loop().time()
        seconds = math.ceil(min(self._wait(each, now) for each in in_use))
        return EndpointFailed(
            f"Every endpoint wants to be left alone; the first one for {seconds} seconds.", fault="too many requests"
        )

    @staticmethod
    def _wait(endpoint: Endpoint, now: float) -> float:
        return endpoint.rate.closed_until - now


def _answered(task: asyncio.Task[T]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
