"""The database's schema and the rows in the code are one."""

import asyncio
import re
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from ledger.db.migrate import MIGRATIONS, config

ROOT = Path(__file__).parents[2]


def modules_with_rows() -> set[str]:
    """Every module of the ledger that declares a table."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "ledger").rglob("*.py")
        if "versions" not in path.parts and re.search(r"__tablename__ =|\bSequence\(.*metadata=", path.read_text())
    }


def test_every_module_with_rows_is_known_to_the_migrations() -> None:
    listed = re.search(r"MODELS = \((.*?)\)", (MIGRATIONS / "env.py").read_text(), re.DOTALL)
    assert listed is not None
    assert set(re.findall(r'"([\w.]+)"', listed[1])) == modules_with_rows()


def test_the_migrations_have_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


async def test_a_fresh_database_has_exactly_the_rows_of_the_code(database_url: str) -> None:
    await asyncio.to_thread(command.check, config(database_url))
