"""Serves an ASGI application in this process's event loop."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from ccm.stack.errors import PortTaken
from ccm.stack.ports import LOOPBACK

GRACE_SECONDS = 10
"""How long requests that run may go on after the stop."""


class Server(uvicorn.Server):
    """uvicorn, without signal handlers of its own: whoever runs it decides when it stops."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, and says so."""
        await super().startup(sockets)
        if self.started:
            self._on_started()


async def serve(application: Any, port: int, stop: asyncio.Event, on_started: Callable[[], None]) -> None:
    """Serves on the loopback interface until `stop` is set; requests that run get a grace to finish.

    Raises:
        PortTaken: somebody else listens there.
    """
    config = uvicorn.Config(
        application,
        loop="none",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config, on_started)
    with _listening(port) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
        stopping = asyncio.create_task(stop.wait(), name="stop http")
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
        finally:
            stopping.cancel()
            serving.cancel()


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(f"Port {port} is taken.", port=port) from error
        yield listener
