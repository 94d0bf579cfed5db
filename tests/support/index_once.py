"""An indexer in a process of its own, so that a test can kill it: mirrors up to the head, then ends with 0."""

import asyncio
import sys

import ledger.accounts  # noqa: F401  # intents refer to accounts
from ledger.chain import Rpc
from ledger.db.session import create_engine, create_sessions
from tests.support.indexing import make_indexer


async def main(database_url: str, rpc_url: str) -> None:
    """Mirrors what there is."""
    engine = create_engine(database_url)
    sessions = create_sessions(engine)
    async with Rpc(rpc_url) as rpc:
        await (await make_indexer(sessions, rpc)).catch_up()
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
