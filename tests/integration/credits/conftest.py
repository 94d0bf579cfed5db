from collections.abc import AsyncIterator

import pytest

from ledger.accounts import Account
from ledger.db.session import create_engine, create_sessions
from tests.integration.credits.desk import Desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    engine = create_engine(database_url)
    yield await Desk(create_sessions(engine)).open()
    await engine.dispose()


@pytest.fixture
async def verifier(desk: Desk) -> Account:
    return await desk.account("verifier")


@pytest.fixture
async def household(desk: Desk, verifier: Account) -> Account:  # noqa: ARG001  # a claim needs somebody to verify it
    return await desk.account()
