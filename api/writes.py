"""Writes: one transaction each, at most once per Idempotency-Key, and for the chain with a wait for its outcome."""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from litestar import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import caller_of
from api.exact import decode, encode
from api.problems import database_is_away
from api.schemas import Answer, ChainAnswer
from api.services import Services
from ledger.accounts import Account
from ledger.chain import IntentState, answer_status
from ledger.db.idempotency import KeptAnswer, claim, keep, request_hash
from ledger.kernel.errors import InvalidInput, TransactionFailed
from ledger.kernel.faults import reach

log = logging.getLogger("ccm.api")

BASE_PATH = "/carbon-credit-micro/v1"
LONGEST_WAIT_SECONDS = 60

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*(\d{1,9})\s*(?=$|[,;])", re.IGNORECASE)

AnswerT = TypeVar("AnswerT", bound=Answer)
ChainAnswerT = TypeVar("ChainAnswerT", bound=ChainAnswer)

Completion = Callable[[AsyncSession, ChainAnswerT], Awaitable[ChainAnswerT]]
"""Reads from the mirror what a confirmed answer still lacks."""


@dataclass(frozen=True, slots=True)
class Queued(Generic[ChainAnswerT]):
    """What a command for the chain gives back: its answer as it stands, and the intent that it waits for."""

    answer: ChainAnswerT
    intent_id: int


class Writer:
    """One request that writes. Routes get it injected as `writer`."""

    def __init__(self, request: Request[Any, Any, Any], services: Services) -> None:
        """Takes the request of an authenticated caller.

        Raises:
            InvalidInput: an Idempotency-Key that is empty, too long, or not plain ASCII.
        """
        self._request = request
        self._services = services
        self._caller: Account = caller_of(request)
        self._key = _idempotency_key(request)

    async def perform(
        self,
        command: Callable[[AsyncSession], Awaitable[AnswerT]],
        schema: type[AnswerT],  # noqa: ARG002  # ties the route's answer to the command's
        *,
        status: int = 201,
    ) -> Response[AnswerT]:
        """Runs the command in one transaction and answers after the commit.

        With an Idempotency-Key the command runs at most once: the same request again gets the same answer, byte for
        byte, and another request under the key is refused. A command that raises leaves nothing, the key neither.
        """
        async with self._services.sessions() as session, session.begin():
            kept = await self._claimed(session)
            if kept is None:
                kept = KeptAnswer(status, encode(await command(session)))
                await self._keep(session, kept)
        return _response(kept)

    async def on_chain(
        self,
        command: Callable[[AsyncSession], Awaitable[Queued[ChainAnswerT]]],
        schema: type[ChainAnswerT],
        *,
        status: int = 201,
        complete: Completion[ChainAnswerT] | None = None,
    ) -> Response[ChainAnswerT]:
        """Like `perform`, then waits for the chain's mirror as long as the client prefers.

        Answers `confirmed` with the transaction, or `pending` with a status URL. The confirmed answer is kept under
        the key; the same request again after a pending one waits again. `schema` reads the kept answer back;
        `complete` adds to a confirmed answer what only the chain could tell.

        Raises:
            TransactionFailed: the chain refused; nothing of the write stands but its record.
        """
        started = time.perf_counter()
        async with self._services.sessions() as session, session.begin():
            kept = await self._claimed(session)
            if kept is None:
                queued = await command(session)
                answer = queued.answer.model_copy(update={"status_url": self._status_url(queued.intent_id)})
                kept = KeptAnswer(status, encode(answer), queued.intent_id)
                await self._keep(session, kept)
        reach("after_intent_committed")
        try:
            return _response(await self._settled(kept, schema, complete))
        except Exception as error:
            if not database_is_away(error):
                raise
            log.warning("an answer goes out pending, as the database is away: %s", error)
            return _response(kept)  # what was committed stands, and this answer says no more than that
        finally:
            self._services.metrics.credit_transaction_duration.observe(time.perf_counter() - started)

    async def _settled(
        self, kept: KeptAnswer, schema: type[ChainAnswerT], complete: Completion[ChainAnswerT] | None
    ) -> KeptAnswer:
        """The answer with what the chain says within the wait; kept anew once it is final."""
        if kept.intent_id is None:
            return kept
        sessions = self._services.sessions
        state = await self._services.watch.wait(sessions, kept.intent_id, self._wait_seconds())
        outcome = answer_status(state.status)
        if outcome == "failed":
            raise _failure(state)
        answer = schema.model_validate(decode(kept.body)).settled(state, self._status_url(kept.intent_id))
        if outcome == "confirmed" and complete is not None:
            async with sessions() as session:
                answer = await complete(session, answer)
        settled = KeptAnswer(kept.status, encode(answer), None if outcome == "confirmed" else kept.intent_id)
        if settled.intent_id is None:
            async with sessions() as session, session.begin():
                await self._keep(session, settled)
        return settled

    async def _claimed(self, session: AsyncSession) -> KeptAnswer | None:
        """The answer that the key stands for already; else the key is this transaction's."""
        if self._key is None:
            return None
        request = self._request
        path = request.scope["path"] + "?" + request.scope["query_string"].decode("latin-1")
        digest = request_hash(request.method, path, await request.body())
        return await claim(session, self._caller.account_id, self._key, digest)

    async def _keep(self, session: AsyncSession, answer: KeptAnswer) -> None:
        if self._key is not None:
            await keep(session, self._caller.account_id, self._key, answer)

    def _wait_seconds(self) -> int:
        """How long the client prefers to wait (RFC 7240), within bounds."""
        preferred = _WAIT.search(self._request.headers.get("prefer", ""))
        return min(int(preferred[1]), LONGEST_WAIT_SECONDS) if preferred else self._services.settings.wait_seconds

    def _status_url(self, intent_id: int) -> str:
        """Where the client asks how far the chain has come."""
        return f"{self._services.settings.public_url or ''}{BASE_PATH}/blockchain/intents/{intent_id}"


def _idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidInput("An Idempotency-Key is 1 to 255 visible ASCII characters; a UUID will do.")
    return key


def _response(kept: KeptAnswer) -> Response[Any]:
    return Response(kept.body, status_code=kept.status, media_type="application/json")


def _failure(state: IntentState) -> TransactionFailed:
    """What the chain said no with, as an error for the client."""
    failure = state.failure or {}
    message = failure.get("message") or "The chain refused the transaction and gave no reason."
    return TransactionFailed(
        f"{message} Nothing was moved; correct the cause and send it anew.",
        reason=failure.get("code"),
        facts=failure.get("facts") or {},
    )
