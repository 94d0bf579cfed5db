"""The limit: what the same machine does for whoever gives up all safety.

    python -m benchmarks.indexing.bare RPC_URL CONTRACTS [DATABASE_URL]

The contracts are given as Name=0xaddress, joined by commas. Their events are decoded as the indexer decodes them, and
the same rows are copied; the balances once at the end. But there is no cursor, no hash, no second look, nothing that a
reorg could be undone by, no other mirror and no fact told, and the next range is on its way while one is worked on.
Without a database the logs are only fetched: the limit of the limit.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

import aiohttp
import asyncpg
import msgspec
import uvloop

from benchmarks.indexing.measured import Clock
from indexer.decode import EventReader
from indexer.store import EVENT_COLUMNS, event_rows
from indexer.wire import Log
from ledger.chain.abi import ADDABLE_NAMES, AddableName
from ledger.chain.chunk import Event
from ledger.chain.rpc import to_bytes, to_hex, to_int

CHAIN_ID = 31_337
BLOCKS_AT_ONCE = 50

TABLES = """
CREATE TABLE events (
    chain_id bigint, block_number bigint, log_index bigint, block_time timestamptz, transaction_hash bytea,
    contract bytea, name text, arguments jsonb, PRIMARY KEY (chain_id, block_number, log_index)
);
CREATE TABLE balances (token bytea, holder bytea, balance bigint, PRIMARY KEY (token, holder));
"""

Contracts = Mapping[bytes, AddableName]
NAMES: dict[str, AddableName] = {name: name for name in ADDABLE_NAMES}


class Answer(msgspec.Struct, gc=False):
    """What eth_getLogs answers."""

    result: list[Log]


async def answers(node: aiohttp.ClientSession, rpc_url: str, contracts: Contracts) -> AsyncGenerator[bytes, None]:
    """All logs of the contracts, range by range as they came; the next range is on its way meanwhile."""

    async def ask(method: str, *parameters: object) -> bytes:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        async with node.post(rpc_url, json=call) as response:
            return await response.read()

    def logs(first: int) -> asyncio.Task[bytes]:
        last = min(head, first + BLOCKS_AT_ONCE - 1)
        wanted = {"address": [to_hex(each) for each in contracts], "fromBlock": hex(first), "toBlock": hex(last)}
        return asyncio.create_task(ask("eth_getLogs", wanted))

    head = to_int(msgspec.json.decode(await ask("eth_blockNumber"))["result"])
    coming = logs(0)
    for following in range(BLOCKS_AT_ONCE, head + 1, BLOCKS_AT_ONCE):
        answer, coming = await coming, logs(following)
        yield answer
    yield await coming


async def index(rpc_url: str, contracts: Contracts, database: asyncpg.Connection) -> None:
    """Copies every event, and what everybody holds in the end."""
    decoder, reader = msgspec.json.Decoder(Answer), EventReader(CHAIN_ID, contracts)
    balances: dict[tuple[bytes, bytes], int] = defaultdict(int)
    async with aiohttp.ClientSession() as node, aclosing(answers(node, rpc_url, contracts)) as parts:
        async for part in parts:
            events = [event for log in decoder.decode(part).result if (event := _event(reader, log))]
            await database.copy_records_to_table("events", columns=EVENT_COLUMNS, records=event_rows(CHAIN_ID, events))
            for event in events:
                if event.name == "Transfer":
                    told = event.arguments
                    balances[event.contract, told["from"]] -= told["value"]
                    balances[event.contract, told["to"]] += told["value"]
    held = [(token, holder, sum_) for (token, holder), sum_ in balances.items()]
    await database.copy_records_to_table("balances", records=held)


def _event(reader: EventReader, log: Log) -> Event | None:
    return reader.event(
        log, to_int(log.block_number), datetime.fromtimestamp(to_int(log.block_timestamp or "0x0"), UTC)
    )


async def fetch(rpc_url: str, contracts: Contracts) -> None:
    """Reads every answer, and does nothing with it."""
    async with aiohttp.ClientSession() as node, aclosing(answers(node, rpc_url, contracts)) as parts:
        async for _ in parts:
            pass


def _parsed(contracts: str) -> Contracts:
    named = (each.split("=") for each in contracts.split(","))
    return {to_bytes(address): NAMES[name] for name, address in named}


async def main(rpc_url: str, named: str, database_url: str | None = None) -> None:
    """Measures itself, with its tables made before."""
    contracts = _parsed(named)
    if database_url is None:
        clock = Clock()
        await fetch(rpc_url, contracts)
    else:
        database = await asyncpg.connect(database_url)
        await database.execute(TABLES)
        clock = Clock()
        await index(rpc_url, contracts, database)
        await database.close()
    print(clock.used().line(), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
