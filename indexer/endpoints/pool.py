"""The endpoints of one chain, and which of them to ask."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from indexer.endpoints.endpoint import Endpoint
from ledger.chain.rpc import Rpc

T = TypeVar("T")


class Endpoints:
    """The nodes of one chain. Whoever opened the connections closes them."""

    def __init__(self, rpcs: Sequence[Rpc]) -> None:
        self._endpoints = [Endpoint(rpc) for rpc in rpcs]

    async def ask(self, question: Callable[[Endpoint], Awaitable[T]]) -> T:
        """The answer of the fittest endpoint."""
        return await question(self._endpoints[0])
