"""The database's schema and the rows in the code are one."""

import asyncio
import re
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, text

from ledger.db.base import Base
from ledger.db.migrate import MIGRATIONS, config
from ledger.db.session import Sessions

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


async def test_every_check_of_the_code_is_in_the_database(sessions: Sessions) -> None:
    """Alembic does not compare them."""
    async with sessions() as session:
        found = set(await session.scalars(text("SELECT conname FROM pg_constraint WHERE contype = 'c'")))
    declared = {
        str(each.name)
        for table in Base.metadata.tables.values()
        for each in table.constraints
        if isinstance(each, CheckConstraint)
    }
    assert declared
    assert declared - found == set()


async def test_a_batch_from_before_there_were_reversals_has_nothing_reversed(
    database_url: str, sessions: Sessions
) -> None:
    await asyncio.to_thread(command.downgrade, config(database_url), "0001")
    async with sessions.begin() as session:
        await session.execute(
            text(
                "INSERT INTO credit_batches VALUES (31337, 'batch', 'tree_planting', now(), now(), 'verifier', 2, 'GB',"
                " now(), 500, 1, 100, 5, 0, 7)"
            )
        )
    await asyncio.to_thread(command.upgrade, config(database_url), "head")
    async with sessions() as session:
        (batch,) = (await session.execute(text("SELECT * FROM credit_batches"))).mappings()
    assert (batch["issued_kg"], batch["cancelled_kg"], batch["deficit_retired_kg"]) == (100, 0, 0)
    assert (batch["suspended"], batch["suspended_until"], batch["reversed"]) == (False, None, False)
