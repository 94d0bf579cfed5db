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


def test_no_float_and_no_rounding_where_mass_credits_or_money_are_counted() -> None:
    found = []
    for path in sorted((ROOT / "ledger").rglob("*.py")):
        if "chain" in path.parts:  # seconds to wait are floats, and the chain's quantities are integers anyway
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
            is_call = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "round"}
            )
            if is_float or is_call:
                found.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    assert found == []


def test_no_command_commits() -> None:
    commands = [path for path in (ROOT / "ledger").rglob("*.py") if "commands" in str(path.relative_to(ROOT))]
    assert [str(path) for path in commands if "commit(" in path.read_text() or ".begin(" in path.read_text()] == []
