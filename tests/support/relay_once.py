"""A relayer in a process of its own, so that a test can kill it: works until all is done, then ends with 0."""

import asyncio
import sys

import ledger.accounts  # noqa: F401  # intents refer to accounts
from ledger.chain import Custody, Relayer, Rpc, load_network
from ledger.db.session import create_engine, create_sessions
from tests.support.chain import SEED, until_done


async def main(database_url: str, rpc_url: str) -> None:
    """Relays what is queued."""
    engine = create_engine(database_url)
    sessions = create_sessions(engine)
    async with Rpc(rpc_url) as rpc:
        async with sessions() as session:
            network = await load_network(session, "polygon", Custody(SEED))
        await until_done(Relayer(sessions, rpc, network, database_url), sessions)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
