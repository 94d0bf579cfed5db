"""A `ccm up` whose roles are one page: what the stack does, without what runs on it. Takes the data folder, a port."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

from ccm import http
from ccm.stack.run import run
from ledger.kernel.errors import CcmError
from ledger.kernel.settings import Settings


async def page(scope: dict[str, Any], receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    _ = receive
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})


async def roles(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    await http.serve(page, settings.port, stop, ready)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def main() -> None:
    data, *port = sys.argv[1:]
    given = {"port": int(port[0])} if port else {}
    try:
        uvloop.run(run(Settings(data=Path(data), **given), roles, say))  # type: ignore[arg-type]
    except CcmError as error:
        say(error.message)
        sys.exit(1)


if __name__ == "__main__":
    main()
