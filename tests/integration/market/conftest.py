from collections.abc import AsyncIterator

import pytest

from ledger.db.session import create_engine, create_sessions
from tests.integration.market.floor import Floor


@pytest.fixture
async def floor(database_url: str) -> AsyncIterator[Floor]:
    engine = create_engine(database_url)
    yield await Floor(create_sessions(engine)).open()
    await engine.dispose()
