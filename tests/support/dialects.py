"""How providers and clients refuse a call, in their own words: what a stand-in for them says, and what it means."""

from dataclasses import dataclass
from typing import Any

from indexer.endpoints.refusals import Kind


@dataclass(frozen=True, slots=True)
class Dialect:
    """A refusal: `{limit}` stands for what is allowed, `{first}` and `{last}` for a range that would be answered."""

    kind: Kind
    code: int
    text: str
    status: int = 200
    in_data: bool = False
    """Whether the message is "invalid params", and the text stands in the data beside it."""

    def error(self, limit: int, first: str, last: str) -> dict[str, Any]:
        """As JSON-RPC has it."""
        text = self.text.format(limit=limit, first=first, last=last)
        if self.in_data:
            return {"code": self.code, "message": "invalid params", "data": {"payload": text}}
        return {"code": self.code, "message": text}


UNREPORTED = -32000
"""Stands where only the text was reported."""

DIALECTS: dict[str, Dialect] = {
    # Too many blocks
    "avalanche": Dialect(
        Kind.BLOCKS, UNREPORTED, "requested too many blocks from 0 to 90000, maximum is set to {limit}"
    ),
    "quicknode": Dialect(Kind.BLOCKS, -32614, "eth_getLogs is limited to a {limit:,} range", 413),
    "blockpi": Dialect(Kind.BLOCKS, -32602, "eth_getLogs is limited to {limit} block range"),
    "1rpc": Dialect(Kind.BLOCKS, -32602, "eth_getLogs is limited to 0 - {limit} blocks range"),
    "publicnode": Dialect(Kind.BLOCKS, UNREPORTED, "exceed maximum block range: {limit}"),
    "bnb smart chain": Dialect(Kind.BLOCKS, -32000, "exceed maximum block range: {limit}"),
    "cloudflare": Dialect(Kind.BLOCKS, UNREPORTED, "Invalid eth_getLogs request. Max range: {limit}"),
    "alchemy free": Dialect(
        Kind.BLOCKS,
        -32600,
        "You can make eth_getLogs requests with up to a {limit} block range. Based on your parameters, this block "
        "range should work: [{first}, {last}]",
        400,
    ),
    "drpc": Dialect(Kind.BLOCKS, 35, "ranges over {limit} blocks are not supported on free plan", 400),
    "infura range": Dialect(Kind.BLOCKS, -32602, "range 9000000 exceeds limit of {limit}"),
    "tenderly": Dialect(Kind.BLOCKS, -32602, "range 9009594 is bigger than range limit {limit}", in_data=True),
    "erigon": Dialect(Kind.BLOCKS, -32602, "query block range exceeds server limit, narrow your filter: {limit}"),
    "polygon cdk": Dialect(Kind.BLOCKS, -32005, "block range too large, max range: {limit}"),
    "hyperliquid": Dialect(Kind.BLOCKS, UNREPORTED, "query exceeds max block range {limit}"),
    "thirdweb": Dialect(Kind.BLOCKS, -32005, "Maximum allowed number of requested blocks is {limit}"),
    "blast": Dialect(Kind.BLOCKS, -32600, "block range exceeds the range allowed for your plan (9000000 > {limit})."),
    "coinbase": Dialect(Kind.BLOCKS, UNREPORTED, "please limit the query to at most {limit} blocks"),
    "merkle": Dialect(Kind.BLOCKS, UNREPORTED, "eth_getLogs range is too large, max is {limit} blocks"),
    "moonbeam": Dialect(Kind.BLOCKS, UNREPORTED, "block range is too wide (maximum {limit})"),
    "swell": Dialect(Kind.BLOCKS, UNREPORTED, "block range greater than {limit} max"),
    "somnia": Dialect(Kind.BLOCKS, UNREPORTED, "block range exceeds {limit}"),
    "harmony": Dialect(Kind.BLOCKS, UNREPORTED, "query must be smaller than size {limit}"),
    "tac": Dialect(Kind.BLOCKS, UNREPORTED, "maximum [from, to] blocks distance: {limit}"),
    "morph": Dialect(
        Kind.BLOCKS,
        -32000,
        "block range is larger than max block range, block range = 9000000, max block range = {limit}",
    ),
    "ankr": Dialect(Kind.BLOCKS, -32600, "block range is too wide"),
    "chainstack": Dialect(Kind.BLOCKS, -32602, "Block range limit exceeded. See more details in the documentation."),
    "besu": Dialect(Kind.BLOCKS, UNREPORTED, "Requested range exceeds maximum RPC range limit"),
    "scroll": Dialect(Kind.BLOCKS, -32000, "block range is bigger than maxBlockRange"),
    "base": Dialect(Kind.BLOCKS, -32614, "block range too large", 413),
    "polygon": Dialect(Kind.BLOCKS, UNREPORTED, "Block range is too large"),
    "candle": Dialect(Kind.BLOCKS, -32600, "block range too high"),
    # Too many results
    "geth": Dialect(Kind.RESULTS, -32005, "query returned more than {limit} results"),
    "infura": Dialect(
        Kind.RESULTS,
        -32005,
        "query returned more than {limit} results. Try with this block range [{first}, {last}].",
    ),
    "reth": Dialect(Kind.RESULTS, -32602, "query exceeds max results {limit}, retry with the range 1-9000000"),
    "alchemy": Dialect(
        Kind.RESULTS,
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on "
        "the response size, or you can request any block range with a cap of {limit} logs in the response. Based on "
        "your parameters and the response size limit, this block range should work: [{first}, {last}]",
    ),
    "arbitrum": Dialect(Kind.RESULTS, UNREPORTED, "logs matched by query exceeds limit of {limit}"),
    "erigon results": Dialect(Kind.RESULTS, UNREPORTED, "query returns too many logs, narrow your filter"),
    "1rpc size": Dialect(Kind.RESULTS, UNREPORTED, "response size should not greater than 10000000 bytes"),
    "proxyd": Dialect(Kind.RESULTS, -32020, "backend response too large", 500),
    "ankr size": Dialect(Kind.RESULTS, UNREPORTED, "Response is too big"),
    "infura time": Dialect(Kind.RESULTS, -32005, "query timeout exceeded"),
    "drpc time": Dialect(
        Kind.RESULTS, 30, "Request timeout on the free tier, please upgrade your tier to the paid one", 408
    ),
    "bnb smart chain results": Dialect(Kind.RESULTS, -32005, "limit exceeded"),
    # Too many calls in a batch
    "drpc batch": Dialect(Kind.BATCH, 31, "Batch of more than {limit} requests are not allowed on free tier", 500),
    "geth batch": Dialect(Kind.BATCH, UNREPORTED, "batch too large"),
    "nethermind batch": Dialect(Kind.BATCH, UNREPORTED, "Batch size limit exceeded"),
    "no batches": Dialect(Kind.BATCH, UNREPORTED, "batch not supported"),
    # Too many requests
    "alchemy rate": Dialect(
        Kind.RATE,
        429,
        "Your app has exceeded its compute units per second capacity. If you have retries enabled, you can safely "
        "ignore this message. If not, check out https://docs.alchemy.com/reference/throughput",
        429,
    ),
    "infura rate": Dialect(Kind.RATE, -32005, "daily request count exceeded, request rate limited"),
    "quicknode rate": Dialect(Kind.RATE, UNREPORTED, "50/second request limit reached - reduce calls per second"),
    # Not there yet
    "openethereum behind": Dialect(
        Kind.BEHIND,
        -32000,
        "One of the blocks specified in filter (fromBlock, toBlock or blockHash) cannot be found.",
    ),
    "geth behind": Dialect(Kind.BEHIND, -32602, "block range extends beyond current head block"),
    "erigon behind": Dialect(
        Kind.BEHIND, -32000, "requested block range [4096, 8192] is beyond latest executed block 4000"
    ),
    "geth unknown": Dialect(Kind.BEHIND, UNREPORTED, "unknown block"),
    # No right to ask
    "alchemy quota": Dialect(
        Kind.CLOSED,
        -32600,
        "Monthly capacity limit exceeded. Visit https://dashboard.alchemyapi.io/settings/billing to upgrade your "
        "scaling policy for continued service.",
        403,
    ),
    "ankr key": Dialect(Kind.CLOSED, -32000, "Unauthorized: You must authenticate your request with an API key"),
    "infura key": Dialect(Kind.CLOSED, UNREPORTED, "rejected due to project ID settings"),
}
