"""What happens around every request, whatever becomes of it: its id, its log line, headers, HEAD as GET."""

import logging
import time
from typing import Any

from litestar import Litestar
from litestar.types import Message, Receive, Send

from api.exchange import Exchange, begin

log = logging.getLogger("ccm.api.access")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}
"""Sent with every answer that does not set them itself."""


class Application(Litestar):
    """Litestar, with what it does only for matched routes done for unmatched ones too."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves one request, or the lifespan."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        exchange = begin(scope)
        bodiless = scope["method"] == "HEAD"
        inner: Any = {**scope, "method": "GET"} if bodiless else scope
        await super().__call__(inner, _noting(receive, exchange), _around(send, inner, exchange, bodiless=bodiless))


def _noting(receive: Receive, exchange: Exchange) -> Receive:
    """A `receive` that notes when the client is gone: that the rest of its body is missing is no failure of ours."""

    async def received() -> Any:
        message = await receive()
        exchange.client_left = exchange.client_left or message["type"] == "http.disconnect"
        return message

    return received


def _around(send: Send, scope: Any, exchange: Exchange, *, bodiless: bool) -> Send:
    """A `send` that completes the answer's headers and logs it as it starts."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _completed(message.get("headers", ()), exchange)
            _log(scope, exchange, message["status"], "HEAD" if bodiless else str(scope.get("method")))
        elif message["type"] == "http.response.body" and bodiless:
            message["body"] = b""
        await send(message)

    return sent


def _completed(headers: Any, exchange: Exchange) -> list[tuple[bytes, bytes]]:
    """The headers with those that every answer bears."""
    completed = [(bytes(name), bytes(value)) for name, value in headers]
    present = {name.lower() for name, _ in completed}
    added = {"X-Request-ID": exchange.request_id, **SECURITY_HEADERS}
    if exchange.allowance is not None:
        added |= exchange.allowance.headers
    completed.extend(
        (name.encode(), value.encode("latin-1"))
        for name, value in added.items()
        if name.lower().encode() not in present
    )
    return completed


def _log(scope: Any, exchange: Exchange, status: int, method: str) -> None:
    """The facts of the request. The route's pattern, never the path itself: paths name people."""
    facts = {
        "requestId": exchange.request_id,
        "method": method,
        "route": scope.get("path_template") or "unmatched",
        "status": status,
        "milliseconds": int((time.perf_counter() - exchange.started) * 1000),
    }
    log.info("request", extra={"facts": facts})
