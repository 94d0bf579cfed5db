import uuid
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from ccm.stack.postgres import EmbeddedPostgres
from ledger.accounts import Account
from tests.support.api import Served, add_chain, served
from tests.support.stack import TEMPLATE


@pytest_asyncio.fixture(scope="session")
async def api(postgres_server: EmbeddedPostgres) -> AsyncIterator[Served]:
    """One API for all tests here: each acts as an account of its own, and counts that account's effects."""
    name = f"api_{uuid.uuid4().hex}"
    async with served(await postgres_server.create_database(name, template=TEMPLATE)) as running:
        await add_chain(running)
        yield running


@pytest_asyncio.fixture
async def account_and_key(api: Served) -> tuple[Account, str]:
    return await api.account()


@pytest.fixture
def account(account_and_key: tuple[Account, str]) -> Account:
    """The account that `person` calls as."""
    return account_and_key[0]


@pytest_asyncio.fixture
async def person(api: Served, account_and_key: tuple[Account, str]) -> AsyncIterator[aiohttp.ClientSession]:
    """A person's client, whose base is the standard's path."""
    headers = {"Authorization": f"Bearer {account_and_key[1]}"}
    async with aiohttp.ClientSession(f"{api.url}/carbon-credit-micro/v1/", headers=headers) as session:
        yield session
