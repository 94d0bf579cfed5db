"""A node whose chain is as long as one likes: blocks of transfers that a real node recorded, over and over again.

Balances only go round, and a real chain of a million transactions would need more memory than a machine may have.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from benchmarks.evm.world import World
from ccm.stack.ports import LOOPBACK, any_free
from ledger.chain.rpc import to_hex, to_int

NUMBER, HASH, TIME = b'"0x@number"', b'"0x@hash"', b'"0x@time"'


@dataclass(frozen=True, slots=True)
class Recorded:
    """A block as the node gave it, in JSON with its place left open."""

    header: Mapping[str, Any]
    logs: bytes
    """Without the brackets around them."""
    events: int


async def record(world: World, addresses: Sequence[str], first: int, last: int) -> list[Recorded]:
    """The blocks of a real node."""
    recorded = []
    for number in range(first, last + 1):
        wanted = {"address": addresses, "fromBlock": hex(number), "toBlock": hex(number)}
        header, logs = await world.chain.rpc.batch(
            [("eth_getBlockByNumber", (hex(number), False)), ("eth_getLogs", (wanted,))]
        )
        place = {"blockNumber": "0x@number", "blockHash": "0x@hash", "blockTimestamp": "0x@time"}
        text = msgspec.json.encode([log | place for log in logs])
        recorded.append(Recorded(header | {"transactions": []}, text[1:-1], len(logs)))
    return recorded


class Replay:
    """A chain: what came first, then the same busy blocks repeated up to a height."""

    def __init__(self, before: Sequence[Recorded], repeated: Sequence[Recorded]) -> None:
        self._before = before
        self._repeated = repeated
        self.head = 0

    def events(self) -> int:
        """How many there are up to the head."""
        return sum(self._at(number).events for number in range(self.head + 1))

    def grow_to(self, events: int) -> None:
        """Sets the head where at least so many events have happened."""
        self.head = len(self._before) - 1
        told = sum(block.events for block in self._before)
        while told < events:
            self.head += 1
            told += self._at(self.head).events

    def answer(self, method: str, parameters: Sequence[Any]) -> bytes:
        """The result of a call, in JSON."""
        known: dict[str, Callable[[], bytes]] = {
            "eth_chainId": lambda: b'"0x7a69"',
            "eth_blockNumber": lambda: msgspec.json.encode(hex(self.head)),
            "eth_getBlockByNumber": lambda: self._header(parameters[0]),
            "eth_getLogs": lambda: self._logs(**parameters[0]),
        }
        return known[method]()

    def _at(self, number: int) -> Recorded:
        beyond = number - len(self._before)
        return self._before[number] if beyond < 0 else self._repeated[beyond % len(self._repeated)]

    def _hash(self, number: int) -> str:
        """A block's hash, from which its number can be told; of the first one the real hash."""
        return str(self._at(0).header["hash"]) if number == 0 else to_hex(number.to_bytes(32))

    def _header(self, wanted: str) -> bytes:
        number = self.head if wanted == "latest" else to_int(wanted)
        return msgspec.json.encode(
            {
                **self._at(number).header,
                "number": hex(number),
                "hash": self._hash(number),
                "parentHash": self._hash(number - 1) if number else self._at(0).header["parentHash"],
                "timestamp": self._time(number),
            }
        )

    def _logs(self, blockHash: str = "", fromBlock: str = "", toBlock: str = "", **_: Any) -> bytes:  # noqa: N803
        numbers = [to_int(blockHash)] if blockHash else range(to_int(fromBlock), to_int(toBlock) + 1)
        return b"[" + b",".join(filter(None, map(self._logs_of, numbers))) + b"]"

    def _logs_of(self, number: int) -> bytes:
        text = self._at(number).logs
        for mark, value in ((NUMBER, hex(number)), (HASH, self._hash(number)), (TIME, self._time(number))):
            text = text.replace(mark, msgspec.json.encode(value))
        return text

    def _time(self, number: int) -> str:
        return hex(to_int(self._at(0).header["timestamp"]) + number)


@asynccontextmanager
async def serving(replay: Replay) -> AsyncIterator[str]:
    """The URL at which the chain can be asked for, while the context lasts."""

    async def answer(request: web.Request) -> web.Response:
        calls = msgspec.json.decode(await request.read())
        parts = [
            b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (call["id"], replay.answer(call["method"], call["params"]))
            for call in (calls if isinstance(calls, list) else [calls])
        ]
        body = b",".join(parts)
        return web.Response(body=b"[" + body + b"]" if isinstance(calls, list) else body)

    application = web.Application()
    application.router.add_post("/", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = any_free()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()
