"""Who may call: every route asks for an account's API key, unless it says otherwise in its `opt`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from api.exchange import exchange_of
from api.problems import RateLimitExceeded
from api.services import Services
from ledger.accounts import Account, Kind, authenticate
from ledger.kernel.errors import InsufficientPermissions, InvalidApiKey

AnyConnection = ASGIConnection[Any, Any, Any, Any]
Opt = dict[str, Any]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class _Allowed:
    """Whom a route serves."""

    public: bool = False
    kinds: frozenset[Kind] | None = None
    """None: accounts of every kind."""


PUBLIC: Opt = {"allowed": _Allowed(public=True)}
"""For a route's `opt`: anybody may call, without a key. Such a route has no `caller`."""


def only(*kinds: Kind) -> Opt:
    """For a route's `opt`: only accounts of these kinds may call."""
    return {"allowed": _Allowed(kinds=frozenset(kinds))}


def is_public(opt: Mapping[str, Any]) -> bool:
    """Whether a route with this `opt` serves callers without a key."""
    allowed: _Allowed = opt.get("allowed", _Allowed())
    return allowed.public


async def guard(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Lets the request pass if its key may call this route, and notes the account as the caller.

    Raises:
        InvalidApiKey: no key, a malformed one, or an unknown one.
        TokenExpired: the key was revoked.
        RateLimitExceeded: the account has no requests left in this window.
        InsufficientPermissions: another kind of account is asked for, or a publishable key wants to write.
    """
    allowed: _Allowed = handler.opt.get("allowed", _Allowed())
    method = str(connection.scope.get("method", "GET"))
    if allowed.public or method == "OPTIONS":
        return
    services: Services = connection.app.state.services
    async with services.sessions() as session:
        found = await authenticate(session, _presented_key(connection), mode=services.settings.mode)
    _count(connection, services, found.account)
    if found.only_reads and method not in _READING:
        raise InsufficientPermissions("A publishable key (pk) only reads; send this with a secret key (sk).")
    if allowed.kinds is not None and found.account.kind not in allowed.kinds:
        kinds = sorted(allowed.kinds)
        raise InsufficientPermissions(
            f"Only an account of the kind {' or '.join(kinds)} may do this; yours is a {found.account.kind}.",
            allowedKinds=kinds,
        )
    connection.scope["state"]["caller"] = found.account


def caller_of(connection: AnyConnection) -> Account:
    """The account that the guard let pass.

    Raises:
        TypeError: the route is public, so nobody was asked who they are.
    """
    caller = connection.scope["state"].get("caller")
    if not isinstance(caller, Account):
        raise TypeError("a public route has no caller")
    return caller


def _presented_key(connection: AnyConnection) -> str:
    """The key in the request's headers."""
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    if not scheme and (key := connection.headers.get("x-api-key", "").strip()):
        return key
    raise InvalidApiKey("An API key is needed; send 'Authorization: Bearer wccm_…' or the header X-API-Key.")


def _count(connection: AnyConnection, services: Services, account: Account) -> None:
    """Takes this request off the account's allowance."""
    allowance = services.limiter.take(account)
    exchange_of(connection.scope).allowance = allowance
    if allowance is not None and allowance.remaining < 0:
        raise RateLimitExceeded(allowance)
