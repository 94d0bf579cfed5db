"""A first start's provisioning in a process of its own, so that a test can kill it."""

import asyncio

from ccm.provision import provision
from ledger.chain import Rpc
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.settings import Settings


async def main() -> None:
    """Provisions what the environment's settings name."""
    settings = Settings()
    if settings.database_url is None:
        raise AssertionError("the test names both")
    engine = create_engine(settings.database_url.get_secret_value())
    async with Rpc(settings.nodes.calls[0]) as rpc:
        await provision(settings, create_sessions(engine), rpc)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
