from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server
from tests.support.stack import data_folder


@pytest.fixture
def fresh_server(stack_data: Path) -> Iterator[Server]:
    """A server on an empty data folder, started by the test; whatever is left of it is ended."""
    server = Server(stack_data)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server that several tests share; each uses ids and days of its own."""
    with data_folder() as folder:
        shared = Server(folder / "data")
        shared.start()
        yield shared
        assert shared.stop() == 0
