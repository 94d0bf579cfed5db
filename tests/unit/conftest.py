import socket
from typing import Any, NoReturn

import pytest


@pytest.fixture(autouse=True)
def _without_io(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test talks to nobody: whoever tries is told."""

    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("a unit test opened a connection; it belongs under tests/integration")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
