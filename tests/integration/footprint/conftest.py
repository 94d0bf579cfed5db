from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from ledger.accounts import Account, Kind, create_account
from ledger.db.session import Sessions

NOON = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)


@dataclass
class StoppedClock:
    """A clock that shows what a test set it to."""

    shows: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.shows


async def opened(sessions: Sessions, kind: Kind) -> Account:
    async with sessions() as session, session.begin():
        return await create_account(session, kind=kind, tier="pro", home_network="polygon", moment=NOON)


@pytest_asyncio.fixture
async def household(sessions: Sessions) -> Account:
    return await opened(sessions, "person")


@pytest_asyncio.fixture
async def company(sessions: Sessions) -> Account:
    return await opened(sessions, "company")


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()
