"""`ccm indexer rebuild`."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ccm.commands.options import data_option, examples, json_option, settings_from
from ccm.networks import MIRRORS
from ccm.places import places_of, reached
from ccm.progress import reporting
from indexer import Endpoints, Indexer, Mirror
from indexer.rebuild import Rebuild, Rebuilt
from ledger.chain import Rpc, check_chain, identify
from ledger.db.session import Sessions
from ledger.kernel.settings import Settings


@click.command(
    "rebuild",
    epilog=examples(
        "ccm indexer rebuild --from 1200",
        "ccm indexer rebuild --network polygon --from 1200 --dry-run",
        "ccm indexer rebuild --data /srv/ccm --from 0 --json",
    ),
)
@data_option
@click.option("--from", "from_block", type=click.IntRange(min=0), required=True, help="The first block to read again.")
@click.option("--network", help="Whose mirror to rebuild.  [default: CCM_NETWORK]")
@click.option("--dry-run", "dry", is_flag=True, help="Say what would change, and change nothing.")
@json_option
def rebuild(data: Path | None, from_block: int, network: str | None, *, dry: bool, as_json: bool) -> None:
    """Work a chain's mirror out again, and replace the rows that differ.

    Reads the chain from a block on once more (`ccm verify` says from which) and takes the kept events below it as they
    are. Everything goes on meanwhile: API and indexer keep serving from the old rows until the new ones replace them
    all at once. Facts that were never told are told, those that should not have been are withdrawn. May be broken off
    at any point, and started again.
    """
    settings = settings_from(data=data)
    rebuilt = asyncio.run(_rebuild(settings, network or settings.network, from_block, dry=dry))
    if as_json:
        click.echo(json.dumps(asdict(rebuilt) | {"rows": rebuilt.rows, "dry_run": dry}, indent=2))
    else:
        _show(rebuilt, dry=dry)


async def _rebuild(settings: Settings, network: str, from_block: int, *, dry: bool) -> Rebuilt:
    places = places_of(settings)
    async with reached(places.database_url) as sessions, Rpc(places.rpc(network)) as rpc:
        identity = await identify(rpc)
        async with sessions() as session:
            await check_chain(session, identity, network=network)

        window = next(
            (each.blocks_remembered for name, each in settings.followed.items() if name == network),
            settings.finality_depth,
        )

        def make_indexer(written: Sessions, mirrors: Sequence[Mirror]) -> Indexer:
            return Indexer(written, Endpoints([rpc]), identity.chain_id, mirrors=mirrors, window=window)

        with reporting() as report:
            work = Rebuild(sessions, places.database_url, identity.chain_id, MIRRORS, make_indexer, report)
            return await work.run(from_block, dry=dry)


def _show(rebuilt: Rebuilt, *, dry: bool) -> None:
    title = f"Chain {rebuilt.chain_id}, read again from block {rebuilt.first_block:,} to {rebuilt.last_block:,}"
    table = Table(title=title, title_justify="left")
    for heading in ("Table", "Added", "Changed", "Removed"):
        table.add_column(heading, justify="left" if heading == "Table" else "right")
    for each in rebuilt.tables:
        table.add_row(each.table, f"{each.added:,}", f"{each.changed:,}", f"{each.removed:,}")
    console = Console()
    console.print(table)
    if rebuilt.rows == 0:
        console.print("nothing differed")
    else:
        console.print(f"{rebuilt.rows:,} rows {'would be' if dry else 'were'} replaced")
