"""How a refusal is told: the standard's body, one HTTP status for each error, and nothing of our insides."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.exact import encode
from api.exchange import exchange_of
from api.limits import WINDOW_SECONDS, Allowance
from ledger.kernel.errors import CcmError, Conflict, InvalidInput, NotFound

log = logging.getLogger("ccm.api")

STATUS_BY_NUMBER = {
    1001: 400,
    1002: 422,
    1003: 403,
    2001: 409,
    2002: 422,
    2003: 409,
    2004: 400,
    3001: 404,
    3002: 402,
    3003: 409,
    3004: 503,
    4001: 503,
    4002: 502,
    4003: 402,
    4004: 409,
    5001: 401,
    5002: 401,
    5003: 403,
}
"""The HTTP status with which each number of the standard travels."""

STATUS_BY_KIND: dict[type[CcmError], int] = {InvalidInput: 400, NotFound: 404, Conflict: 409}
"""The same for errors that the standard has no number for, and for their subclasses."""

RETRY_SECONDS = 2  # after which a client may ask again when a part of ours was away

CODE_BY_STATUS = {
    400: "INVALID_INPUT",
    401: "INVALID_API_KEY",
    403: "INSUFFICIENT_PERMISSIONS",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}

MESSAGE_BY_STATUS = {
    404: "There is nothing at this address; the service describes itself at /schema.",
    405: "This address does not take this method; the Allow header names those that it takes.",
}

BUSY_STATES = ("55P03", "40001", "40P01")
"""PostgreSQL's states for a lock that was not to be had, and for transactions that stood in each other's way."""

AWAY_STATES = ("08", "53", "57P")
"""The beginnings of PostgreSQL's states for a server that cannot be reached, is full, or is shutting down."""

Answered = Response[bytes]
AnyRequest = Request[Any, Any, Any]


class RateLimitExceeded(Exception):
    """The account has used up its requests of this window."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(f"more than {allowance.limit} requests in {WINDOW_SECONDS} s")
        self.allowance = allowance


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal in the standard's words."""

    status: int
    code: str
    message: str
    number: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, object] = field(default_factory=dict)
    """Fields that stand beside `code` rather than inside `details`."""


def status_of(error: CcmError) -> int | None:
    """The HTTP status for this error; None for one that no request should ever meet."""
    if error.number is not None:
        return STATUS_BY_NUMBER[error.number]
    return next((STATUS_BY_KIND[kind] for kind in type(error).__mro__ if kind in STATUS_BY_KIND), None)


def refused(request: AnyRequest, error: CcmError) -> Answered:
    """The answer to a user's mistake."""
    status = status_of(error)
    if status is None:
        return crashed(request, error)
    headers = {}
    if status == 401:  # noqa: PLR2004  # HTTP's own number
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:  # noqa: PLR2004  # the same
        headers["Retry-After"] = str(RETRY_SECONDS)
    return _answer(request, Problem(status, error.code, error.message, error.number, error.facts, headers))


def limited(request: AnyRequest, error: RateLimitExceeded) -> Answered:
    """The answer to one request too many, in the words that the standard gives it."""
    limit, wait = error.allowance.limit, error.allowance.retry_after
    beside = {"retryAfter": wait, "limit": limit, "window": WINDOW_SECONDS}
    message = f"The limit of {limit} requests in {WINDOW_SECONDS} s is used up; wait {wait} s."
    headers = {"Retry-After": str(wait)}
    return _answer(request, Problem(429, "RATE_LIMIT_EXCEEDED", message, headers=headers, beside=beside))


def unfit(request: AnyRequest, error: HTTPException) -> Answered:
    """The answer to a request that reached no handler: no such page, method, parameter or body."""
    if error.status_code == 413:  # noqa: PLR2004  # HTTP's own number
        return _too_large(request)
    if isinstance(error, ValidationException):
        return refused(request, _bad_request(request, error))
    if exchange_of(request.scope).client_left:
        return _answer(request, Problem(400, CODE_BY_STATUS[400], "The client left before its request was whole."))
    if error.status_code >= 500:  # noqa: PLR2004  # HTTP's own number
        return crashed(request, error)
    code = CODE_BY_STATUS.get(error.status_code, "INVALID_INPUT")
    message = MESSAGE_BY_STATUS.get(error.status_code, error.detail)
    return _answer(request, Problem(error.status_code, code, message, headers=error.headers or {}))


def crashed(request: AnyRequest, error: Exception) -> Answered:
    """The answer when we failed: what the database's absence is, is said; anything else is only logged."""
    if database_state(error) in BUSY_STATES:
        return refused(request, Conflict("Another request is changing the same thing; send this one again."))
    if database_is_away(error):
        log.error("request %s: the database does not answer: %s", exchange_of(request.scope).request_id, error)
        message = f"The database does not answer; try again in {RETRY_SECONDS} s, a write with its Idempotency-Key."
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return _answer(request, Problem(503, "SERVICE_UNAVAILABLE", message, headers=headers))
    log.error("request %s failed", exchange_of(request.scope).request_id, exc_info=error)
    message = "Something went wrong on our side and was logged under this request's id; please tell us the id."
    return _answer(request, Problem(500, "INTERNAL_ERROR", message))


def database_state(error: Exception) -> str:
    """The state that PostgreSQL named with the error, or nothing."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def database_is_away(error: Exception) -> bool:
    """Whether the error says that the database could not be reached, rather than that it refused something."""
    if isinstance(error, ConnectionError | TimeoutError | PoolTimeout):
        return True
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or database_state(error).startswith(AWAY_STATES)


def _too_large(request: AnyRequest) -> Answered:
    """The answer to a body beyond the limit: on routes that number their bad bodies, that number with its status."""
    limit = request.route_handler.resolve_request_max_body_size()
    kind = request.route_handler.opt.get("invalid_body", InvalidInput)
    message = f"The body is larger than {limit} bytes; send less in one request."
    if kind.number is not None:
        return refused(request, kind(message, limit=limit))
    return _answer(request, Problem(413, CODE_BY_STATUS[413], message, details={"limit": limit}))


def _bad_request(request: AnyRequest, error: ValidationException) -> CcmError:
    """What is wrong with the path's or the query's parameters; or that there is no body."""
    extra = error.extra if isinstance(error.extra, list) else []
    fields = [{"field": str(each.get("key", "")), "reason": str(each.get("message", ""))} for each in extra]
    if any(each["field"] == "data" for each in fields):
        kind: type[CcmError] = request.route_handler.opt.get("invalid_body", InvalidInput)
        return kind("The request has no body; send a JSON object.")
    first = f"{fields[0]['field']}: {fields[0]['reason']}" if fields else error.detail
    return InvalidInput(f"A parameter makes no sense: {first}.", fields=fields)


def _answer(request: AnyRequest, problem: Problem) -> Answered:
    body = {
        "error": {
            "code": problem.code,
            "number": problem.number,
            "message": problem.message,
            **problem.beside,
            "details": problem.details,
            "requestId": exchange_of(request.scope).request_id,
        }
    }
    return Response(
        encode(body), status_code=problem.status, media_type="application/json", headers=dict(problem.headers)
    )


HANDLERS: dict[int | type[Exception], Any] = {
    CcmError: refused,
    RateLimitExceeded: limited,
    HTTPException: unfit,
    Exception: crashed,
}
"""The application's exception handlers; Litestar takes the most particular one."""
