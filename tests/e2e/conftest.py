from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """A server on an empty data folder, started by the test; whatever is left of it is ended."""
    server = Server(tmp_path / "ccm")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that several tests share; each uses ids and days of its own."""
    shared = Server(tmp_path_factory.mktemp("stack") / "ccm")
    shared.start()
    yield shared
    assert shared.stop() == 0
