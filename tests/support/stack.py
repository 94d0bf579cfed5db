"""Servers for tests: a PostgreSQL for each test worker with a fresh database for each test, an anvil for each test."""

import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from ccm.stack.anvil import EmbeddedAnvil
from ccm.stack.postgres import EmbeddedPostgres
from ledger.db import migrate
from ledger.db.session import Sessions, create_engine, create_sessions

TEMPLATE = "migrated"
TEST_BLOCK_SECONDS = 0.02
"""Ten times as often as in a development run: tests wait for blocks."""


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder with a short path, which other users may enter: as root, PostgreSQL runs as another one."""
    with tempfile.TemporaryDirectory(prefix="ccm-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@pytest_asyncio.fixture(scope="session")
async def postgres_server() -> AsyncIterator[EmbeddedPostgres]:
    """A running PostgreSQL, whose database `migrated` has the newest schema and no rows."""
    with data_folder() as folder:
        async with EmbeddedPostgres(folder, durable=False) as server:
            await migrate.upgrade(await server.create_database(TEMPLATE))
            yield server


@pytest_asyncio.fixture
async def database_url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """The URL of a database of the test's own, with the newest schema and no rows."""
    name = f"test_{uuid.uuid4().hex}"
    yield await postgres_server.create_database(name, template=TEMPLATE)
    await postgres_server.drop_database(name)


@pytest_asyncio.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    """Sessions of the test's own database."""
    engine = create_engine(database_url)
    yield create_sessions(engine)
    await engine.dispose()


@pytest_asyncio.fixture
async def anvil() -> AsyncIterator[EmbeddedAnvil]:
    """A development chain of the test's own, from its genesis block, mining whenever something is pending."""
    with data_folder() as folder:
        async with EmbeddedAnvil(folder, block_seconds=TEST_BLOCK_SECONDS, saved=False) as node:
            yield node


@pytest.fixture
def stack_data() -> Iterator[Path]:
    """A data folder for a whole `ccm up`."""
    with data_folder() as folder:
        yield folder / "data"
