"""Just enough JSON-RPC to look after a node of our own."""

import aiohttp
import msgspec

from ccm.stack.errors import StackError

PATIENCE = aiohttp.ClientTimeout(total=60)


class Answer(msgspec.Struct):
    """A JSON-RPC answer whose result is left as it came, because a state can be large."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, object] | None = None


class Rpc:
    """Calls to one node, over one connection pool."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = aiohttp.ClientSession(timeout=PATIENCE)

    async def close(self) -> None:
        """Closes the connections."""
        await self._session.close()

    async def raw(self, method: str, *parameters: object) -> bytes:
        """The result as the JSON that came."""
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        async with self._session.post(self.url, data=body, headers={"content-type": "application/json"}) as response:
            answer = msgspec.json.decode(await response.read(), type=Answer)
        if answer.error is not None:
            raise StackError(f"The development chain refused {method}: {answer.error.get('message')}", method=method)
        return bytes(answer.result)

    async def call(self, method: str, *parameters: object) -> object:
        """The result, decoded."""
        result: object = msgspec.json.decode(await self.raw(method, *parameters))
        return result

    async def text(self, method: str, *parameters: object) -> str:
        """The result of a method that answers a string (hashes and numbers in hex are strings)."""
        return msgspec.json.decode(await self.raw(method, *parameters), type=str)
