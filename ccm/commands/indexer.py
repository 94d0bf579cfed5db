"""`ccm indexer`."""

import click

from ccm.commands.options import examples
from ccm.commands.rebuild import rebuild


@click.group("indexer", epilog=examples("ccm indexer", "ccm indexer rebuild --from 1200 --dry-run"))
def command() -> None:
    """Look after the chain's mirror."""


command.add_command(rebuild)
