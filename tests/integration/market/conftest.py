import pytest

from ledger.db.session import Sessions
from tests.integration.market.floor import Floor


@pytest.fixture
async def floor(sessions: Sessions) -> Floor:
    return await Floor(sessions).open()
