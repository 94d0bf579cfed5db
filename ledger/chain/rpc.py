"""Raw JSON-RPC to an Ethereum node."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

from ledger.kernel.errors import BlockchainUnavailable

TIMEOUT_SECONDS = 30
T = TypeVar("T")
Call = tuple[str, tuple[Any, ...]]
"""A method and its parameters."""


class RpcError(Exception):
    """The node understood the call and refused it."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP, not yet looked into."""

    status: int
    retry_after: str | None
    """The header Retry-After: seconds, or a date."""
    body: bytes


class _Fault(msgspec.Struct):
    code: int
    message: str
    data: Any = None


class _Answer(msgspec.Struct):
    id: int | None = None
    result: Any = None
    error: _Fault | None = None


class Rpc:
    """A node at `url`. Opens its connections at the first call; close it, or use it as a context."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._one = msgspec.json.Decoder(_Answer)
        self._many = msgspec.json.Decoder(list[_Answer] | _Answer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, *parameters: Any) -> Any:
        """The result of one call, as decoded JSON.

        Raises:
            RpcError: the node refused.
            BlockchainUnavailable: the node cannot be reached, or answers nonsense.
        """
        answer = await self._post(request(0, method, parameters), self._one)
        if answer.error is not None:
            raise RpcError(answer.error.code, answer.error.message, answer.error.data)
        return answer.result

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls in one round trip, in their order.

        Raises:
            RpcError: the node refused one of them.
            BlockchainUnavailable: as for `call`.
        """
        results = await self.try_batch(calls)
        for result in results:
            if isinstance(result, RpcError):
                raise result
        return results

    async def try_batch(self, calls: Sequence[Call]) -> list[Any]:
        """As `batch`, with an RpcError in the place of each call that the node refused."""
        if not calls:
            return []
        answers = await self._post([request(i, *call) for i, call in enumerate(calls)], self._many)
        if isinstance(answers, _Answer):
            raise self._unavailable(answers.error.message if answers.error else "it does not answer batches")
        by_id = {answer.id: answer for answer in answers}
        if by_id.keys() != set(range(len(calls))):
            raise self._unavailable("it left calls of a batch unanswered")
        return [
            RpcError(fault.code, fault.message, fault.data) if (fault := by_id[i].error) else by_id[i].result
            for i in range(len(calls))
        ]

    async def exchange(self, body: Any) -> Reply:
        """Posts this body as JSON and answers what came back, whatever its status.

        Raises:
            aiohttp.ClientError, TimeoutError: nothing came back, or not all of it.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        async with self._session.post(
            self.url, data=msgspec.json.encode(body), headers={"Content-Type": "application/json"}
        ) as response:
            return Reply(response.status, response.headers.get("Retry-After"), await response.read())

    async def _post(self, body: Any, decoder: msgspec.json.Decoder[T]) -> T:
        try:
            return decoder.decode((await self.exchange(body)).body)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as error:
            raise self._unavailable(str(error) or type(error).__name__) from error

    def _unavailable(self, why: str) -> BlockchainUnavailable:
        return BlockchainUnavailable(f"The blockchain node does not answer ({why}); try again shortly.")


def request(number: int, method: str, parameters: tuple[Any, ...]) -> dict[str, Any]:
    """One call as JSON-RPC writes it; its answer carries the same number."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}


def to_hex(data: bytes) -> str:
    """Bytes as JSON-RPC writes them."""
    return "0x" + data.hex()


def to_bytes(text: str) -> bytes:
    """Bytes from JSON-RPC's text."""
    return bytes.fromhex(text[2:])


def to_int(text: str) -> int:
    """A quantity from JSON-RPC's text."""
    return int(text, 16)
