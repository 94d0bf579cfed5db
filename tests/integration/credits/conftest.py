import pytest

from ledger.accounts import Account
from ledger.db.session import Sessions
from tests.integration.credits.desk import Desk


@pytest.fixture
async def desk(sessions: Sessions) -> Desk:
    return await Desk(sessions).open()


@pytest.fixture
async def verifier(desk: Desk) -> Account:
    return await desk.account("verifier")


@pytest.fixture
async def household(desk: Desk, verifier: Account) -> Account:  # noqa: ARG001  # a claim needs somebody to verify it
    return await desk.account()
