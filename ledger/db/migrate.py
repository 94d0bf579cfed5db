"""Brings a database to the newest schema."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def config(database_url: str) -> Config:
    """Alembic's configuration for this database."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.set_main_option("path_separator", "os")
    made.attributes["database_url"] = database_url
    return made


async def upgrade(database_url: str) -> None:
    """Applies every migration that the database lacks."""
    await asyncio.to_thread(command.upgrade, config(database_url), "head")
