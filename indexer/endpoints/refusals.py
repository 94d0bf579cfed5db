"""How nodes and providers say no, and what each of them means by it. The table is explained in docs/endpoints.md."""

import re
from dataclasses import dataclass
from enum import StrEnum

TOO_MANY_REQUESTS = 429
REQUEST_TOO_LARGE = 413
_CLOSED_STATUSES = frozenset({401, 402, 403})
_RATE_CODES = frozenset({429, -32007, -32029, -32097})
_METHOD_NOT_FOUND = -32601
_LIMIT_EXCEEDED = -32005


class Kind(StrEnum):
    """What a refusal is about."""

    BLOCKS = "too many blocks"
    RESULTS = "too many results"
    BATCH = "too many calls in a batch"
    RATE = "too many requests"
    BEHIND = "a block that is not there yet"
    METHOD = "a method that is not offered"
    CLOSED = "no right to ask"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal understood."""

    kind: Kind
    limit: int | None = None
    """The most that would be answered, where the text says it: blocks, results or calls, by the kind."""
    width: int | None = None
    """How many blocks would be answered, where the text names a range."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text that nodes are known to say; its group `n`, where there is one, is the limit."""

    kind: Kind
    said_by: str
    pattern: re.Pattern[str]


def _wording(kind: Kind, said_by: str, pattern: str) -> Wording:
    return Wording(kind, said_by, re.compile(pattern.replace("<n>", r"(?P<n>\d[\d,._]*k?)")))


WORDINGS = (
    _wording(Kind.BATCH, "dRPC, 1RPC", r"batch of more than <n> requests"),
    _wording(Kind.BATCH, "Geth, Erigon", r"batch too large"),
    _wording(Kind.BATCH, "Nethermind", r"batch size limit exceeded"),
    _wording(Kind.BATCH, "gateways", r"batch(ed)?( requests?)? (is |are )?(not|un)[ -]?(supported|allowed)"),
    _wording(Kind.CLOSED, "Alchemy", r"monthly capacity limit exceeded"),
    _wording(Kind.CLOSED, "Ankr", r"unauthorized|must authenticate"),
    _wording(Kind.CLOSED, "Infura", r"rejected due to project id settings"),
    _wording(Kind.RATE, "Alchemy", r"compute units per second"),
    _wording(Kind.RATE, "Infura", r"request (count|rate) exceeded"),
    _wording(Kind.RATE, "QuickNode", r"/second request limit reached"),
    _wording(Kind.RATE, "gateways", r"rate[- ]limit|too many requests"),
    _wording(Kind.BEHIND, "OpenEthereum, Besu, Alchemy", r"one of the blocks? specified in filter .*cannot be found"),
    _wording(Kind.BEHIND, "Geth, Reth, Nimbus", r"extends beyond current head block"),
    _wording(Kind.BEHIND, "Erigon", r"is beyond latest exec"),
    _wording(Kind.BEHIND, "Optimism's proxyd", r"block is out of range"),
    _wording(Kind.BEHIND, "Hyperliquid", r"^invalid block range\b(?! params)"),
    _wording(Kind.BEHIND, "Geth", r"unknown block|header not found|block not found"),
    _wording(Kind.RESULTS, "Infura, Geth-like nodes, zkEVM", r"query returned more than <n> results"),
    _wording(Kind.RESULTS, "Reth, LlamaRPC, Ankr, Base", r"query exceeds max results( <n>)?"),
    _wording(Kind.RESULTS, "Arbitrum", r"logs matched by query exceeds limit of <n>"),
    _wording(Kind.RESULTS, "Erigon", r"query returns too many logs"),
    _wording(Kind.RESULTS, "Alchemy", r"log response size exceeded(.*cap of <n> logs)?"),
    _wording(Kind.RESULTS, "1RPC", r"response size should not greater than"),
    _wording(Kind.RESULTS, "Base, Optimism, Geth, Ankr", r"response (is )?too (large|big)"),
    _wording(Kind.RESULTS, "Helios", r"memory capacity exceeded"),
    _wording(Kind.RESULTS, "dRPC, Infura, proxies", r"time[- ]?d? ?out|deadline exceeded|query duration"),
    _wording(Kind.BLOCKS, "Avalanche", r"requested too many blocks .*maximum is set to <n>"),
    _wording(Kind.BLOCKS, "Alchemy, Aurora", r"up to an? <n> block range"),
    _wording(Kind.BLOCKS, "QuickNode, Blast, 1RPC", r"limited to an? <n>(?! logs)"),
    _wording(Kind.BLOCKS, "BlockPI, 1RPC", r"limited to (0 - )?<n> blocks?"),
    _wording(
        Kind.BLOCKS,
        "PublicNode, BNB Smart Chain, Cloudflare, Hyperliquid, Morph, Polygon's CDK",
        r"max(imum)?( block)? range( is)?[:=]? ?=? ?<n>",
    ),
    _wording(Kind.BLOCKS, "Infura", r"\brange \d+ exceeds limit of <n>"),
    _wording(Kind.BLOCKS, "Tenderly", r"is bigger than range limit <n>"),
    _wording(Kind.BLOCKS, "Erigon", r"block range exceeds server limit, narrow your filter: <n>"),
    _wording(Kind.BLOCKS, "dRPC", r"ranges over <n> blocks are not supported"),
    _wording(Kind.BLOCKS, "thirdweb", r"maximum allowed number of requested blocks is <n>"),
    _wording(Kind.BLOCKS, "Blast", r"exceeds the range allowed for your plan \(\d+ > <n>\)"),
    _wording(Kind.BLOCKS, "Coinbase", r"limit the query to at most <n> blocks"),
    _wording(Kind.BLOCKS, "Swell", r"block range greater than <n> max"),
    _wording(Kind.BLOCKS, "Somnia", r"block range exceeds <n>"),
    _wording(Kind.BLOCKS, "Merkle", r"range is too large, max is <n> blocks"),
    _wording(Kind.BLOCKS, "Harmony", r"query must be smaller than size <n>"),
    _wording(Kind.BLOCKS, "Moonbeam", r"block range is too wide \(maximum <n>\)"),
    _wording(Kind.BLOCKS, "Ankr", r"blocks distance: <n>|block range is too wide"),
    _wording(Kind.BLOCKS, "Chainstack", r"block range limit exceeded"),
    _wording(Kind.BLOCKS, "Besu", r"requested range exceeds maximum"),
    _wording(Kind.BLOCKS, "Scroll", r"block range is bigger than maxblockrange"),
    _wording(Kind.BLOCKS, "Base, Optimism, Candle, Polygon", r"block range (is )?too (large|high|wide)"),
    _wording(Kind.RESULTS, "BNB Smart Chain", r"^limit exceeded"),
)
"""The first that fits counts: what names two limits stands where it is meant."""

_RANGE = re.compile(r"(?:\[|range )(0x[0-9a-f]+|\d+)(?:, ?|-)(0x[0-9a-f]+|\d+)")


def understand(code: int, message: str, status: int = 200) -> Refusal | None:
    """What a refusal is about, by its text first: the same code means different things to different nodes.

    The text is the message, and whatever data stands beside it; `status` is that of HTTP. None where nobody is known to
    say so.
    """
    text = message.strip().lower().rstrip(".")
    if status == TOO_MANY_REQUESTS:
        return Refusal(Kind.RATE)
    for wording in WORDINGS:
        if found := wording.pattern.search(text):
            return Refusal(wording.kind, _number(found.groupdict().get("n")), _named_width(text))
    return _by_code(code, status)


def _by_code(code: int, status: int) -> Refusal | None:
    if code in _RATE_CODES:
        return Refusal(Kind.RATE)
    if status in _CLOSED_STATUSES:
        return Refusal(Kind.CLOSED)
    if code == _METHOD_NOT_FOUND:
        return Refusal(Kind.METHOD)
    return Refusal(Kind.RESULTS) if code == _LIMIT_EXCEEDED or status == REQUEST_TOO_LARGE else None


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    digits = re.sub(r"[,._k]", "", text)
    return int(digits) * (1000 if text.endswith("k") else 1)


def _named_width(text: str) -> int | None:
    """The width of the range that the text recommends."""
    named = _RANGE.search(text)
    if named is None:
        return None
    first, last = (int(each, 0) for each in named.groups())
    return last - first + 1 if last >= first else None
