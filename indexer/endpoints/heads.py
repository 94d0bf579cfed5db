"""New blocks as WebSockets tell of them: a hint to look now, and never more than that."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from ledger.chain.rpc import request

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 20
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class _Message(msgspec.Struct):
    method: str | None = None


_MESSAGE = msgspec.json.Decoder(_Message)


class Heads:
    """Listens at these URLs while the `async with` lasts.

    Whoever waits here looks after `seconds` at the latest whatever a socket says: one that is open and silent costs
    no more than none at all.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._told = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._listen(url), name="listen for new blocks") for url in self._urls]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait(self, stop: asyncio.Event, seconds: float) -> None:
        """Until a socket tells of a block, `stop` is set, or so many seconds have passed."""
        waiting = [asyncio.create_task(event.wait()) for event in (self._told, stop)]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        self._told.clear()

    async def _listen(self, url: str) -> None:
        """Keeps a subscription up, with ever longer pauses while it cannot be had."""
        pause = FIRST_PAUSE_SECONDS
        async with aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError, OSError, msgspec.MsgspecError):
                    async with session.ws_connect(url, heartbeat=HEARTBEAT_SECONDS) as socket:
                        await socket.send_json(request(0, "eth_subscribe", ("newHeads",)))
                        if await self._pass_on(socket):
                            pause = FIRST_PAUSE_SECONDS
                log.info("a WebSocket for new blocks is closed; polling goes on meanwhile")
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _pass_on(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Wakes whoever waits at each block until the socket closes; whether there was any."""
        told = False
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT and _MESSAGE.decode(message.data).method == "eth_subscription":
                self._told.set()
                told = True
        return told
