"""Writes what block explorers ask for to show the contracts' sources. Needs no node.

ape run deploy verification --chain-id 80002
"""

from pathlib import Path

import click

from scripts.deploy._ape import telling
from scripts.deploy._core.operate import DEPLOYMENTS, book_of
from scripts.deploy._core.verification import FOLDER, write


@click.command()
@click.option("--chain-id", type=int, required=True, help="The chain whose contracts are to be verified.")
@click.option("--out", type=click.Path(file_okay=False), default=str(DEPLOYMENTS), help="Folder of the address books.")
@click.option("--to", type=click.Path(file_okay=False), default=str(FOLDER), help="Folder to write into.")
@telling
def cli(chain_id, out, to):
    """Write the compiler's input and the encoded constructor arguments of each contract."""
    for file in write(book_of(chain_id, Path(out)), Path(to)):
        click.echo(f"wrote {file}")
