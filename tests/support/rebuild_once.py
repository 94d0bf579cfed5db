"""A rebuild in a process of its own, so that a test can kill it."""

import asyncio
import sys

import ledger.accounts  # noqa: F401  # intents refer to accounts
from ledger.chain import Rpc
from ledger.db.session import create_engine, create_sessions
from tests.support.indexing import make_rebuild


async def main(database_url: str, rpc_url: str, from_block: str) -> None:
    """Rebuilds from a block on."""
    engine = create_engine(database_url)
    async with Rpc(rpc_url) as rpc:
        await (await make_rebuild(create_sessions(engine), rpc, database_url)).run(int(from_block))
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
