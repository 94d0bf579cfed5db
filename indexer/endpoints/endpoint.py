"""One node behind one URL: what it can do, how often it may be asked, and how it has been of late."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from indexer.endpoints.errors import EndpointFailed, EndpointRefused
from indexer.endpoints.limits import Limits, Rate
from indexer.endpoints.refusals import TOO_MANY_REQUESTS, Kind, understand
from indexer.errors import InconsistentAnswer
from ledger.chain.rpc import Call, Reply, Rpc, RpcError, request
from ledger.kernel import clock
from ledger.kernel.errors import BlockchainUnavailable

OK = 200
SHORTEST_SHUNNING_SECONDS = 0.05
LONGEST_SHUNNING_SECONDS = 5.0

TIMEOUT = "timeout"
CONNECTION = "connection"
CUT_OFF = "cut off"


class _Fault(msgspec.Struct):
    code: int = 0
    message: str = ""
    data: Any = None


class _Answer(msgspec.Struct):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Fault | None = None


_DECODER = msgspec.json.Decoder(list[_Answer] | _Answer)


class Endpoint:
    """A node that answers batches of calls."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self.name = urlsplit(rpc.url).netloc.rpartition("@")[2]
        """Its host: the rest of a URL is often a key."""
        self.limits = Limits()
        self.rate = Rate()
        self.errors: Counter[str] = Counter()
        """How often it failed, by the kind of fault."""
        self.shunned_until = 0.0
        """Until then others are asked first, by the event loop's clock."""
        self.is_checked = False
        """Whether it has shown that it serves our chain since its connection last failed."""
        self.barred: str | None = None
        """Why it is out of use for good."""
        self._failures = 0

    async def ask(self, calls: Sequence[Call]) -> list[msgspec.Raw]:
        """The results of these calls in their order, each as the JSON that came; in one request if it takes as many.

        Raises:
            EndpointFailed: it cannot be reached, answers nonsense, or refuses in words that are known.
            RpcError: it refuses one of them in other words.
        """
        results: list[msgspec.Raw] = []
        while len(results) < len(calls):
            part = calls[len(results) : len(results) + self.limits.batch]
            try:
                results += await self._ask_at_once(part)
            except EndpointRefused as refused:
                if refused.refusal.kind != Kind.BATCH or not self.limits.refused_batch(refused.refusal, len(part)):
                    raise
        return results

    def failed(self, fault: str) -> None:
        """Counts a failure: others are asked first for a while, the longer the more often in a row it failed."""
        self.errors[fault] += 1
        self._failures += 1
        pause = min(SHORTEST_SHUNNING_SECONDS * 2**self._failures, LONGEST_SHUNNING_SECONDS)
        self.shunned_until = _now() + pause
        if fault in {TIMEOUT, CONNECTION}:
            self.is_checked = False

    def served(self) -> None:
        """Counts an answer that was believed."""
        self._failures = 0
        self.shunned_until = 0.0

    async def _ask_at_once(self, calls: Sequence[Call]) -> list[msgspec.Raw]:
        await asyncio.sleep(self.rate.wait_seconds(_now()))
        self.rate.asked(_now())
        requests = [request(number, *call) for number, call in enumerate(calls)]
        answers = self._decoded(await self._exchange(requests if self.limits.batch > 1 else requests[0]))
        by_number = {answer.id: answer for answer in answers}
        if by_number.keys() != set(range(len(calls))):
            raise self._failure("it left calls of a batch unanswered", CUT_OFF)
        for answer in answers:
            if answer.error is not None:
                raise self._refused(answer.error)
        self.rate.served()
        return [by_number[number].result for number in range(len(calls))]

    async def _exchange(self, body: Any) -> Reply:
        try:
            return await self._rpc.exchange(body)
        except TimeoutError as error:
            raise self._failure("it takes too long", TIMEOUT) from error
        except aiohttp.ClientPayloadError as error:
            raise self._failure("its answer broke off", CUT_OFF) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._failure(str(error) or type(error).__name__, CONNECTION) from error

    def _decoded(self, reply: Reply) -> list[_Answer]:
        """The answers in the reply; where it is no list of them, what it says instead is raised."""
        try:
            answers = _DECODER.decode(reply.body)
        except msgspec.MsgspecError as error:
            if reply.status != OK:
                raise self._refused(_Fault(), reply) from error
            raise self._failure(f"its answer is no JSON-RPC: {error}", CUT_OFF) from error
        if reply.status == TOO_MANY_REQUESTS:
            told = answers if isinstance(answers, _Answer) else answers[0] if answers else _Answer()
            raise self._refused(told.error or _Fault(), reply)
        if isinstance(answers, list):
            return answers
        if answers.error is not None:
            raise self._refused(answers.error, reply)
        if reply.status != OK:
            raise self._refused(_Fault(), reply)
        return [answers]

    def _refused(self, fault: _Fault, reply: Reply | None = None) -> BlockchainUnavailable | RpcError:
        """What to raise for a refusal, of one call or of a whole request."""
        status = OK if reply is None else reply.status
        text = f"{fault.message} {fault.data or ''}".strip()
        refusal = understand(fault.code, text, status)
        said = f"{text or 'no reason given'} ({fault.code or f'status {status}'})"
        if refusal is None and status != OK:
            return self._failure(f"status {status}", f"status {status}")
        if refusal is None or refusal.kind == Kind.METHOD:
            return RpcError(fault.code, fault.message, fault.data)
        if refusal.kind == Kind.BEHIND:
            return InconsistentAnswer(f"The endpoint {self.name} is behind: {said}.", endpoint=self.name)
        if refusal.kind == Kind.RATE:
            self.rate.throttled(_now(), _pause_seconds(fault, reply))
        return EndpointRefused(f"The endpoint {self.name} refused: {said}.", refusal, endpoint=self.name)

    def _failure(self, why: str, fault: str) -> EndpointFailed:
        return EndpointFailed(f"The endpoint {self.name} does not answer ({why}).", fault=fault, endpoint=self.name)


def _pause_seconds(fault: _Fault, reply: Reply | None) -> float | None:
    """For how long the endpoint wants to be left alone: by the header Retry-After, or by Infura's data."""
    told = None if reply is None else reply.retry_after
    if told is None:
        rate = fault.data.get("rate") if isinstance(fault.data, dict) else None
        seconds = rate.get("backoff_seconds") if isinstance(rate, dict) else None
        return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None
    if told.strip().isdigit():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - clock.now()).total_seconds())


def _now() -> float:
    return asyncio.get_running_loop().time()
