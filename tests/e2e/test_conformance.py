"""The standard's own check of the main flow: twice in a row on a fresh server, and again after a restart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.server import Server

FOLDER = os.environ.get("CCM_CONFORMANCE", "")


def conforms(server: Server) -> None:
    """Runs the check's section `path` as its users do."""
    command = [sys.executable, str(Path(FOLDER) / "conformance.py"), "--only", "path", "--base", server.base]
    accounts = str(server.data / "dev-accounts.json")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    checked = subprocess.run(  # noqa: S603  # a script that whoever runs the tests has named
        [*command, "--accounts", accounts], capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(not FOLDER, reason="CCM_CONFORMANCE names no folder with the standard's conformance check")
def test_the_main_flow_conforms_again_and_again(fresh_server: Server) -> None:
    server = fresh_server
    server.start()
    conforms(server)
    conforms(server)
    assert server.stop() == 0
    server.start()
    conforms(server)
