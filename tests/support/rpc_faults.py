"""What a node can do on bad days, for the double in tests/support/rpc_double.py to play."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from aiohttp import web

from ledger.chain.rpc import to_int
from tests.support.dialects import DIALECTS, Dialect
from tests.support.rpc_double import Answer, Asked, Fault, Gone, JsonCall

ELSEWHERE = "0x" + "ee" * 32
"""A hash that no block has."""


# --- Faults of the connection ----------------------------------------------------------------------


def throttled(retry_after: str | None = "1") -> Fault:
    """Status 429, with Retry-After or without."""

    async def strike(_asked: Asked) -> web.StreamResponse:
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return web.json_response({"message": "Too Many Requests"}, status=429, headers=headers)

    return Fault("throttled", strike)


def fails(status: int = 503) -> Fault:
    """A status that is no answer."""

    async def strike(_asked: Asked) -> web.StreamResponse:
        return web.Response(status=status, text="<html>upstream connect error</html>", content_type="text/html")

    return Fault("fails", strike)


def hangs(seconds: float = 60) -> Fault:
    """Answers, but later than anybody waits."""

    async def strike(asked: Asked) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return asked.reply(await asked.answers())

    return Fault("hangs", strike)


def drops() -> Fault:
    """Closes the connection instead of an answer."""

    async def strike(_asked: Asked) -> web.StreamResponse:
        raise Gone

    return Fault("drops", strike)


def cuts_off(method: str = "eth_getLogs") -> Fault:
    """Half of the answer, said to be all of it: JSON that ends in the middle."""

    async def strike(asked: Asked) -> web.StreamResponse:
        body = asked.reply(await asked.answers()).body
        if not isinstance(body, bytes):
            raise TypeError("a reply is bytes")
        return web.Response(body=body[: len(body) // 2], content_type="application/json")

    return Fault("cuts_off", strike, frozenset({method}))


def leaves_out(member: int = -1, method: str = "eth_getLogs") -> Fault:
    """A batch's answer without one of its members."""

    async def strike(asked: Asked) -> web.StreamResponse:
        answers = await asked.answers()
        del answers[member]
        return asked.reply(
            answers or [{"jsonrpc": "2.0", "id": None, "error": {"code": -32603, "message": "internal"}}]
        )

    return Fault("leaves_out", strike, frozenset({method}), looks_first=True)


# --- Faults of what is answered --------------------------------------------------------------------


def changes(name: str, change: Callable[[JsonCall, Answer], None], *methods: str) -> Fault:
    """Changes the answers to the calls of these methods."""

    async def strike(asked: Asked) -> web.StreamResponse:
        answers = await asked.answers()
        for call, answer in zip(asked.calls, answers, strict=True):
            if call["method"] in methods and answer.get("result") is not None:
                change(call, answer)
        return asked.reply(answers)

    return Fault(name, strike, frozenset(methods))


def changes_logs(name: str, change: Callable[[list[Any]], None]) -> Fault:
    """Changes the list of logs that is answered."""
    return changes(name, lambda _call, answer: change(answer["result"]), "eth_getLogs")


def loses_logs(keep: int = 0) -> Fault:
    """Only the first `keep` logs are answered, as if there were no more.

    In the window, the blooms of blocks tell that a kind of event is missing, though not how many of it; below
    finality, a node that is not behind is believed.
    """

    def lose(logs: list[Any]) -> None:
        del logs[keep:]

    return changes_logs("loses_logs", lose)


def repeats_logs() -> Fault:
    """Every log twice."""
    return changes_logs("repeats_logs", lambda logs: logs.extend([dict(log) for log in logs]))


def reverses_logs() -> Fault:
    """The newest log first."""
    return changes_logs("reverses_logs", lambda logs: logs.reverse())


def adds_removed_logs() -> Fault:
    """Every log once more, as one of a block that was given up."""
    return changes_logs(
        "adds_removed_logs",
        lambda logs: logs.extend([log | {"removed": True, "blockHash": ELSEWHERE} for log in logs]),
    )


def omits_times() -> Fault:
    """Logs without their block's time."""

    def omit(logs: list[Any]) -> None:
        for log in logs:
            log.pop("blockTimestamp", None)

    return changes_logs("omits_times", omit)


def tells_of_a_stranger() -> Fault:
    """A log of a contract that nobody asked for."""
    return changes_logs(
        "tells_of_a_stranger", lambda logs: logs.extend([log | {"address": "0x" + "ee" * 20} for log in logs[-1:]])
    )


def mixes_forks() -> Fault:
    """The last log belongs to a block of another branch."""

    def mix(logs: list[Any]) -> None:
        if logs:
            logs[-1]["blockHash"] = ELSEWHERE

    return changes_logs("mixes_forks", mix)


def tells_from_beyond() -> Fault:
    """The last log lies in a block that was not asked for."""

    def move(logs: list[Any]) -> None:
        if logs:
            logs[-1]["blockNumber"] = "0xffffff"

    return changes_logs("tells_from_beyond", move)


def tears_the_chain() -> Fault:
    """Blocks whose parents are not the ones before them."""

    def tear(_call: JsonCall, answer: Answer) -> None:
        answer["result"]["parentHash"] = ELSEWHERE

    return changes("tears_the_chain", tear, "eth_getBlockByNumber")


def repeats_blocks() -> Fault:
    """In a batch, the block before in the place of each block but the first."""

    async def strike(asked: Asked) -> web.StreamResponse:
        answers = await asked.answers()
        blocks = [
            place
            for place, call in enumerate(asked.calls)
            if call["method"] == "eth_getBlockByNumber" and answers[place].get("result") is not None
        ]
        for before, place in reversed(list(pairwise(blocks))):
            answers[place]["result"] = answers[before]["result"]
        return asked.reply(answers)

    return Fault("repeats_blocks", strike, frozenset({"eth_getBlockByNumber"}))


def lags(blocks: int = 2, only: str | None = None) -> Fault:
    """Knows nothing yet of the newest blocks: no header, no logs, and a head that is older.

    With `only`, just where a request contains a call of this method.
    """

    async def strike(asked: Asked) -> web.StreamResponse:
        (newest,) = await asked.forward([{"jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": []}])
        head = max(0, to_int(newest["result"]) - blocks)
        answers = await asked.forward([_as_seen_at(call, head) for call in asked.calls])
        for call, answer in zip(asked.calls, answers, strict=True):
            _forget_above(call, answer, head)
        return asked.reply(answers)

    return Fault("lags", strike, frozenset({only} if only else ()))


def _as_seen_at(call: JsonCall, head: int) -> JsonCall:
    """The call for a node whose newest block is `head`."""
    if call["method"] == "eth_getBlockByNumber" and call["params"][0] == "latest":
        return call | {"params": [hex(head), *call["params"][1:]]}
    return call


def _forget_above(call: JsonCall, answer: Answer, head: int) -> None:
    result = answer.get("result")
    match call["method"]:
        case "eth_blockNumber":
            answer["result"] = hex(head)
        case "eth_getLogs":
            answer["result"] = [log for log in result or () if to_int(log["blockNumber"]) <= head]
        case "eth_getBlockByNumber" if result is not None and to_int(result["number"]) > head:
            answer["result"] = None


# --- Faults of who answers -------------------------------------------------------------------------


def serves_chain(chain_id: int = 1) -> Fault:
    """Another chain id than the node's."""
    return changes("serves_chain", lambda _call, answer: answer.update(result=hex(chain_id)), "eth_chainId")


def has_another_genesis() -> Fault:
    """Another block at height 0 than the node's."""

    def change(call: JsonCall, answer: Answer) -> None:
        if call["params"][0] == "0x0":
            answer["result"]["hash"] = ELSEWHERE

    return changes("has_another_genesis", change, "eth_getBlockByNumber")


# --- Refusals --------------------------------------------------------------------------------------


def refuses(dialect: str, *, blocks: int | None = None, results: int | None = None, batch: int | None = None) -> Fault:
    """Refuses calls for logs of more blocks, or of more logs, or batches of more calls, in a provider's words."""
    words = DIALECTS[dialect]

    async def strike(asked: Asked) -> web.StreamResponse | None:
        if batch is not None and len(asked.calls) > batch:
            return _refused_whole(words, batch)
        if blocks is not None:
            return await _refused_logs(asked, words, blocks, lambda call, _answer: width(call) > blocks)
        if results is not None:
            return await _refused_logs(asked, words, results, lambda _call, answer: len(answer["result"]) > results)
        return None

    methods = frozenset() if batch is not None else frozenset({"eth_getLogs"})
    return Fault(f"refuses as {dialect}", strike, methods, looks_first=True)


def lacks(method: str) -> Fault:
    """Does not offer a method."""

    async def strike(asked: Asked) -> web.StreamResponse:
        answers = await asked.answers()
        for call, answer in zip(asked.calls, answers, strict=True):
            if call["method"] == method:
                del answer["result"]
                answer["error"] = {"code": -32601, "message": f"the method {method} does not exist/is not available"}
        return asked.reply(answers)

    return Fault(f"lacks {method}", strike, frozenset({method}))


def refuses_many_contracts() -> Fault:
    """Answers for the logs of one contract at a time."""

    async def strike(asked: Asked) -> web.StreamResponse | None:
        return await _refused_logs(
            asked, DIALECTS["geth"], 1, lambda call, _answer: isinstance(call["params"][0]["address"], list)
        )

    return Fault("refuses many contracts", strike, frozenset({"eth_getLogs"}), looks_first=True)


def width(call: JsonCall) -> int:
    """How many blocks a call for logs asks about."""
    asked = call["params"][0]
    return 1 if "blockHash" in asked else to_int(asked["toBlock"]) - to_int(asked["fromBlock"]) + 1


def _refused_whole(words: Dialect, limit: int) -> web.Response:
    return web.json_response(
        {"jsonrpc": "2.0", "id": None, "error": words.error(limit, "0x0", "0x1")}, status=words.status
    )


async def _refused_logs(
    asked: Asked, words: Dialect, limit: int, is_refused: Callable[[JsonCall, Answer], bool]
) -> web.Response | None:
    answers = await asked.answers()
    refused = False
    for call, answer in zip(asked.calls, answers, strict=True):
        if call["method"] == "eth_getLogs" and "result" in answer and is_refused(call, answer):
            refused = True
            del answer["result"]
            first = to_int(call["params"][0].get("fromBlock", "0x0"))
            answer["error"] = words.error(limit, hex(first), hex(first + max(0, width(call) // 2 - 1)))
    if not refused:
        return None
    response = asked.reply(answers)
    response.set_status(words.status)
    return response


FAULTS: dict[str, Callable[[], Fault]] = {
    "throttled": lambda: throttled("0"),
    "throttled for a second": lambda: throttled("1"),
    "throttled without a word": lambda: throttled(None),
    "fails": fails,
    "hangs": lambda: hangs(3),
    "drops": drops,
    "cuts off": cuts_off,
    "leaves out a block": leaves_out,
    "leaves out the logs": lambda: leaves_out(0),
    "loses all logs": loses_logs,
    "repeats logs": repeats_logs,
    "reverses logs": reverses_logs,
    "adds removed logs": adds_removed_logs,
    "omits times": omits_times,
    "tells of a stranger": tells_of_a_stranger,
    "mixes forks": mixes_forks,
    "tells from beyond": tells_from_beyond,
    "tears the chain": tears_the_chain,
    "repeats blocks": repeats_blocks,
    "lags": lags,
    "refuses results": lambda: refuses("geth", results=3),
    "refuses range": lambda: refuses("avalanche", blocks=2),
}
"""One fault of each kind that passes, by its name."""

LASTING: dict[str, Callable[[], Fault]] = {
    "serves another chain": serves_chain,
    "has another genesis": has_another_genesis,
}
"""Faults that end an indexer: only a person can decide what to do."""
