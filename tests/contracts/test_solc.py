"""The compiler as a command: what Foundry, py-solc-x and our own script ask of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import solcx

SOLC = Path(__file__).resolve().parents[2] / "contracts" / "tools" / "solc"
LIBRARY = "pragma solidity ^0.8.0; library Answer { uint256 internal constant VALUE = 42; }"


def compile_importing(path: str, *arguments: str, cwd: Path) -> list[str]:
    """Compile a contract that imports `path`; return the compiler's error messages."""
    source = f'pragma solidity ^0.8.0; import "{path}"; contract Asker {{ uint256 x = Answer.VALUE; }}'
    request = {
        "language": "Solidity",
        "sources": {"Asker.sol": {"content": source}},
        "settings": {"outputSelection": {"*": {"*": ["abi"]}}},
    }
    done = subprocess.run(  # noqa: S603 - our own executable
        [str(SOLC), "--standard-json", *arguments],
        input=json.dumps(request),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    errors = json.loads(done.stdout).get("errors", [])
    return [entry["message"] for entry in errors if entry["severity"] == "error"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a library of its own, one among its dependencies, and one outside of it."""
    for folder in ("project/src", "project/deps", "outside"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "project/src/Own.sol").write_text(LIBRARY)
    (tmp_path / "project/deps/Dependency.sol").write_text(LIBRARY)
    (tmp_path / "outside/Secret.sol").write_text(LIBRARY)
    return tmp_path / "project"


def test_it_tells_its_version_as_the_native_compiler_does() -> None:
    lines = subprocess.run([str(SOLC), "--version"], capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603 - our own executable
    assert lines[0] == "solc, the solidity compiler commandline interface"
    assert lines[1].startswith("Version: 0.8.37+commit.")


def test_it_finds_imports_under_the_base_path_and_include_paths(project: Path) -> None:
    paths = ("--base-path", str(project), "--include-path", str(project / "deps"))
    assert compile_importing("src/Own.sol", *paths, cwd=project) == []
    assert compile_importing("Dependency.sol", *paths, cwd=project) == []


def test_it_reads_no_file_outside_the_allowed_folders(project: Path) -> None:
    (refused,) = compile_importing("/../outside/Secret.sol", "--base-path", str(project), cwd=project)
    assert "not found" in refused or "outside of allowed directories" in refused

    secret = str(project.parent / "outside" / "Secret.sol")
    (refused,) = compile_importing(secret, "--base-path", str(project), cwd=project)
    assert "outside of allowed directories" in refused
    allowed = ("--base-path", str(project), "--allow-paths", str(project.parent / "outside"))
    assert compile_importing(secret, *allowed, cwd=project) == []


def test_it_refuses_an_import_that_two_folders_hold(project: Path) -> None:
    (project / "Dependency.sol").write_text(LIBRARY)
    paths = ("--base-path", str(project), "--include-path", str(project / "deps"))
    (refused,) = compile_importing("Dependency.sol", *paths, cwd=project)
    assert "Ambiguous import" in refused


def test_it_says_how_it_is_used() -> None:
    done = subprocess.run([str(SOLC), "--gas"], capture_output=True, text=True, check=False)  # noqa: S603 - our own executable
    assert done.returncode == 2
    assert "unknown argument --gas" in done.stderr


def test_py_solc_x_compiles_with_it() -> None:
    request = {
        "language": "Solidity",
        "sources": {"Empty.sol": {"content": "pragma solidity ^0.8.0; contract Empty {}"}},
        "settings": {"outputSelection": {"*": {"*": ["abi"]}}},
    }
    compiled = solcx.compile_standard(request, solc_binary=SOLC)
    assert compiled["contracts"]["Empty.sol"]["Empty"]["abi"] == []
