"""The limit: what the same machine does for whoever gives up all safety.

    python -m benchmarks.indexing.bare RPC_URL ADDRESSES [DATABASE_URL]

No cursor, no hashes, no second look, nothing that a reorg could be undone by, nothing but transfers understood: the
logs of the contracts (joined by commas) are asked for range by range, the next ones while these are worked on, and
copied as they are; the balances once at the end. Without a database the logs are only fetched: the limit of the limit.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import aiohttp
import asyncpg
import msgspec
import uvloop

from benchmarks.indexing.measured import Clock
from ledger.chain.abi import events

BLOCKS_AT_ONCE = 50
TRANSFER = "0x" + next(entry for entry in events("CarbonCredit") if entry.name == "Transfer").hash.hex()

TABLES = """
CREATE TABLE events (
    block_number bigint, log_index bigint, transaction_hash bytea, topics bytea, data bytea,
    PRIMARY KEY (block_number, log_index)
);
CREATE TABLE balances (token bytea, holder bytea, balance bigint, PRIMARY KEY (token, holder));
"""
COLUMNS = ("block_number", "log_index", "transaction_hash", "topics", "data")


class Log(msgspec.Struct, rename="camel", gc=False):
    """An event as the node writes it."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    transaction_hash: str
    log_index: str


class Answer(msgspec.Struct, gc=False):
    """What eth_getLogs answers."""

    result: list[Log]


async def answers(node: aiohttp.ClientSession, rpc_url: str, addresses: str) -> AsyncGenerator[bytes, None]:
    """All logs of the contracts, range by range as they came; the next range is on its way meanwhile."""

    async def ask(method: str, *parameters: object) -> bytes:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        async with node.post(rpc_url, json=call) as response:
            return await response.read()

    def logs(first: int) -> asyncio.Task[bytes]:
        last = min(head, first + BLOCKS_AT_ONCE - 1)
        wanted = {"address": addresses.split(","), "fromBlock": hex(first), "toBlock": hex(last)}
        return asyncio.create_task(ask("eth_getLogs", wanted))

    head = int(msgspec.json.decode(await ask("eth_blockNumber"))["result"], 16)
    coming = logs(0)
    for following in range(BLOCKS_AT_ONCE, head + 1, BLOCKS_AT_ONCE):
        answer, coming = await coming, logs(following)
        yield answer
    yield await coming


async def index(rpc_url: str, addresses: str, database: asyncpg.Connection) -> None:
    """Copies every event, and what everybody holds in the end."""
    decoder = msgspec.json.Decoder(Answer)
    balances: dict[tuple[str, str], int] = defaultdict(int)
    async with aiohttp.ClientSession() as node, aclosing(answers(node, rpc_url, addresses)) as parts:
        async for part in parts:
            logs = decoder.decode(part).result
            await database.copy_records_to_table("events", columns=COLUMNS, records=_rows(logs))
            for log in logs:
                if log.topics[0] == TRANSFER:
                    moved = int(log.data, 16)
                    balances[log.address, log.topics[1]] -= moved
                    balances[log.address, log.topics[2]] += moved
    held = [(bytes.fromhex(token[2:]), bytes.fromhex(holder[26:]), sum_) for (token, holder), sum_ in balances.items()]
    await database.copy_records_to_table("balances", records=held)


def _rows(logs: Sequence[Log]) -> list[tuple[int, int, bytes, bytes, bytes]]:
    return [
        (
            int(log.block_number, 16),
            int(log.log_index, 16),
            bytes.fromhex(log.transaction_hash[2:]),
            b"".join([bytes.fromhex(topic[2:]) for topic in log.topics]),
            bytes.fromhex(log.data[2:]),
        )
        for log in logs
    ]


async def fetch(rpc_url: str, addresses: str) -> None:
    """Reads every answer, and does nothing with it."""
    async with aiohttp.ClientSession() as node, aclosing(answers(node, rpc_url, addresses)) as parts:
        async for _ in parts:
            pass


async def main(rpc_url: str, addresses: str, database_url: str | None = None) -> None:
    """Measures itself, with its tables made before."""
    if database_url is None:
        clock = Clock()
        await fetch(rpc_url, addresses)
    else:
        database = await asyncpg.connect(database_url)
        await database.execute(TABLES)
        clock = Clock()
        await index(rpc_url, addresses, database)
        await database.close()
    print(clock.used().line(), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
