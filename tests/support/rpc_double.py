"""A node between the indexer and a real one, which does on command what nodes do on bad days.

    async with RpcDouble(anvil.url) as node:
        node.play(throttled(retry_after="1"))             # once: at the next request that the fault is for
        node.play(lags(blocks=3), times=None)             # until healed
        node.play(refuses("infura", results=100), times=5)
        ...
        node.heal()

`node.url` takes calls, `node.ws_url` subscriptions. Faults are played in the order in which they were given; the first
one that is for a request takes it, and the others wait. `node.asked` counts the calls by their method, `node.played`
how often each fault struck, by its name. What faults there are: tests/support/rpc_faults.py; its table `FAULTS` has one
of each kind by its name, for whoever draws them at random. `node.silence_sockets()` lets open sockets stay open and say
nothing, `node.close_sockets()` ends them.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from aiohttp import web

from ccm.stack.ports import LOOPBACK

JsonCall = dict[str, Any]
Answer = dict[str, Any]
Forward = Callable[[Sequence[JsonCall]], Awaitable[list[Answer]]]


class Gone(Exception):
    """The connection is to break without an answer."""


@dataclass
class Asked:
    """One request: its calls, and how to have them answered by the real node."""

    calls: list[JsonCall]
    is_batch: bool
    forward: Forward

    def calls_of(self, method: str) -> list[JsonCall]:
        """The calls of this method."""
        return [call for call in self.calls if call["method"] == method]

    async def answers(self) -> list[Answer]:
        """What the real node answers, in the order of the calls."""
        return await self.forward(self.calls)

    def reply(self, answers: Sequence[Answer]) -> web.Response:
        """These answers, as the request wants them."""
        return web.Response(
            body=msgspec.json.encode(answers if self.is_batch else answers[0]), content_type="application/json"
        )


@dataclass
class Fault:
    """Something that goes wrong with requests that contain a call of one of `methods`; of any where there are none."""

    name: str
    strike: Callable[[Asked], Awaitable[web.StreamResponse | None]]
    methods: frozenset[str] = frozenset()
    looks_first: bool = False
    """Whether only the answer shows if the fault is for a request: None from `strike` says that it is not."""

    def is_for(self, asked: Asked) -> bool:
        """Whether this request can meet the fault."""
        return not self.methods or any(call["method"] in self.methods for call in asked.calls)


@dataclass
class _Playing:
    fault: Fault
    left: int | None


@dataclass
class RpcDouble:
    """Stands before the node at `upstream`."""

    upstream: str
    asked: Counter[str] = field(default_factory=Counter)
    played: Counter[str] = field(default_factory=Counter)
    subscriptions: int = 0
    """How many subscriptions were asked for so far and answered."""
    port: int = 0
    _playing: list[_Playing] = field(default_factory=list)
    _sockets: set[web.WebSocketResponse] = field(default_factory=set)
    _silent: bool = False

    @property
    def url(self) -> str:
        """Where it takes calls."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Where it takes subscriptions."""
        return f"ws://{LOOPBACK}:{self.port}"

    def play(self, fault: Fault, times: int | None = 1) -> None:
        """Lets a fault strike this often; with None, until it is healed."""
        self._playing.append(_Playing(fault, times))

    def heal(self) -> None:
        """Ends all faults, and lets sockets speak again."""
        self._playing.clear()
        self._silent = False

    def silence_sockets(self) -> None:
        """Lets open and new sockets stay open and say nothing more."""
        self._silent = True

    async def close_sockets(self) -> None:
        """Ends every open socket."""
        for socket in list(self._sockets):
            await socket.close()

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession()
        application = web.Application(client_max_size=2**26)
        application.router.add_post("/", self._take_calls)
        application.router.add_get("/", self._take_socket)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close_sockets()
        await self._runner.cleanup()
        await self._client.close()

    async def _take_calls(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read())
        calls = body if isinstance(body, list) else [body]
        self.asked.update(call["method"] for call in calls)
        asked = Asked(calls, isinstance(body, list), self._forward)
        try:
            response = await self._struck(asked)
        except Gone:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return asked.reply(await asked.answers()) if response is None else response

    async def _struck(self, asked: Asked) -> web.StreamResponse | None:
        for playing in list(self._playing):
            fault = playing.fault
            if not fault.is_for(asked):
                continue
            if not fault.looks_first:
                self._count(playing)
                return await fault.strike(asked)
            if (response := await fault.strike(asked)) is not None:
                self._count(playing)
                return response
        return None

    def _count(self, playing: _Playing) -> None:
        self.played[playing.fault.name] += 1
        if playing.left is not None:
            playing.left -= 1
            if playing.left == 0 and playing in self._playing:
                self._playing.remove(playing)

    async def _forward(self, calls: Sequence[JsonCall]) -> list[Answer]:
        async with self._client.post(self.upstream, json=list(calls)) as response:
            answers: list[Answer] = await response.json()
        by_id = {answer["id"]: answer for answer in answers}
        return [by_id[call["id"]] for call in calls]

    async def _take_socket(self, request: web.Request) -> web.WebSocketResponse:
        """Passes messages both ways, those of the node only while sockets are not silenced."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async with self._client.ws_connect(self.upstream.replace("http", "ws", 1)) as node:
                telling = asyncio.create_task(self._tell(node, socket))
                async for message in socket:
                    await node.send_str(message.data)
                telling.cancel()
        finally:
            self._sockets.discard(socket)
        return socket

    async def _tell(self, node: aiohttp.ClientWebSocketResponse, socket: web.WebSocketResponse) -> None:
        async for message in node:
            if not self._silent:
                with suppress(ConnectionError):
                    await socket.send_str(message.data)
                self.subscriptions += "subscription" not in message.data
