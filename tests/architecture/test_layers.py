"""What prose can't keep: who imports whom, and how long a file grows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("api", "ccm", "indexer", "ledger", "scripts", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)
CONTRACTS = sorted((ROOT / "contracts" / "src").rglob("*.sol"))
MOST_LINES = 500
MOST_FUNCTION_LINES = 70


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # our own tool
    assert checked.returncode == 0, checked.stdout


def test_no_file_is_too_long_to_be_read_in_one_sitting() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in (*SOURCES, *CONTRACTS)}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_function_is_too_long_to_be_seen_at_once() -> None:
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    assert long == []


@pytest.mark.parametrize("path", sorted((ROOT / "ledger").rglob("rules.py")), ids=lambda path: path.parent.name)
def test_rules_know_neither_database_nor_network(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert not imported & {"sqlalchemy", "asyncpg", "aiohttp", "web3", "litestar"}


def floats_and_roundings(path: Path) -> list[str]:
    """Where the file has a float or rounds; seconds to wait are no quantity and may be floats."""
    tree = ast.parse(path.read_text())
    seconds = {
        constant
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and all(isinstance(target, ast.Name) and target.id.endswith("_SECONDS") for target in node.targets)
        for constant in ast.walk(node)
    }
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float) and node not in seconds)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "round"})
    ]


def test_nothing_in_the_ledger_is_a_float_but_the_seconds_that_it_waits() -> None:
    assert [where for path in sorted((ROOT / "ledger").rglob("*.py")) for where in floats_and_roundings(path)] == []


def test_no_command_commits() -> None:
    commands = [path for path in (ROOT / "ledger").rglob("*.py") if "commands" in str(path.relative_to(ROOT))]
    assert [str(path) for path in commands if "commit(" in path.read_text() or ".begin(" in path.read_text()] == []
