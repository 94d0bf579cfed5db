"""The real indexer, in a process of its own: tells when the mirror shows the head, and follows on until it is ended.

python -m benchmarks.indexing.follower DATABASE_URL RPC_URL
"""

import asyncio
import signal
import sys

import uvloop

import ledger.accounts  # intents refer to accounts
import ledger.chain.mirror
import ledger.credits.mirror
import ledger.market.mirror
from benchmarks.indexing.measured import Clock
from indexer import Endpoints, Indexer
from ledger.chain import Rpc
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.garbage import collect_seldom

CHAIN_ID = 31_337
WINDOW = 256
MIRRORS = (ledger.chain.mirror, ledger.credits.mirror, ledger.market.mirror)
LOOK_EVERY_SECONDS = 0.01


async def follow(database_url: str, rpc_url: str) -> None:
    """Follows the chain until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    engine = create_engine(database_url)
    sessions = create_sessions(engine)
    async with Rpc(rpc_url) as rpc:
        clock = Clock()
        indexer = Indexer(sessions, Endpoints([rpc]), CHAIN_ID, mirrors=MIRRORS, window=WINDOW)
        running = asyncio.create_task(indexer.run(stop))
        while not indexer.at_head and not running.done():  # noqa: ASYNC110  # it tells nobody when it gets there
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        print(clock.used().line(), flush=True)
        await running
    await engine.dispose()


if __name__ == "__main__":
    collect_seldom()
    uvloop.run(follow(*sys.argv[1:]))
