"""One request and its answer, as the edge sees it: an id to ask about, and when it began."""

import re
import secrets
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from api.limits import Allowance

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_STATE_KEY = "ccm_exchange"

AnyScope = MutableMapping[str, Any]


@dataclass(slots=True)
class Exchange:
    """What is known of a request from its first byte on."""

    request_id: str
    started: float = field(default_factory=time.perf_counter)
    allowance: Allowance | None = None
    """What the account has left after this request, once it is known who calls."""
    client_left: bool = False
    """Whether the client went before its request was whole."""


def begin(scope: AnyScope) -> Exchange:
    """Notes the request. Its own X-Request-ID is kept if it can be logged as it stands; else it gets a fresh one."""
    sent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    exchange = Exchange(sent if _REQUEST_ID.fullmatch(sent) else f"req_{secrets.token_hex(12)}")
    scope.setdefault("state", {})[_STATE_KEY] = exchange
    return exchange


def exchange_of(scope: Any) -> Exchange:
    """The exchange that `begin` noted on this scope."""
    exchange = scope["state"][_STATE_KEY]
    if not isinstance(exchange, Exchange):
        raise TypeError("the edge did not note this request")
    return exchange
