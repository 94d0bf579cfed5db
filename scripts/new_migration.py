"""Writes the migration from the newest one to the models, by comparing them in a database made for that.

python scripts/new_migration.py "What changes, as a sentence."
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from ccm.stack.postgres import EmbeddedPostgres
from ledger.db.migrate import config, upgrade


async def write(folder: Path, message: str) -> None:
    """Migrates an empty database in the folder to the newest schema, and writes down how the models differ from it."""
    async with EmbeddedPostgres(folder, durable=False) as server:
        await upgrade(server.url)
        alembic = config(server.url)
        number = f"{len(list(ScriptDirectory.from_config(alembic).walk_revisions())) + 1:04d}"
        await asyncio.to_thread(command.revision, alembic, message, autogenerate=True, rev_id=number)


def main() -> None:
    """Runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("message", help="what changes, as a sentence; it becomes the migration's first line")
    message = parser.parse_args().message
    with tempfile.TemporaryDirectory(prefix="ccm-migration-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root, PostgreSQL runs as another user
        asyncio.run(write(folder, message))


if __name__ == "__main__":
    main()
