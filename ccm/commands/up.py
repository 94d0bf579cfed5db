"""`ccm up`."""

from pathlib import Path
from typing import get_args

import click

from ccm.commands.options import data_option, examples, settings_from
from ccm.commands.serving import serve
from ccm.roles import run_roles
from ledger.kernel.network_names import NetworkName


@click.command(
    "up",
    epilog=examples(
        "ccm up", "ccm up --data /srv/ccm --port 9000", "DATABASE_URL=postgresql://me:secret@db/ccm ccm up"
    ),
)
@data_option
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the API; 0 for any free one.  [default: 8080]")
@click.option("--network", type=click.Choice(get_args(NetworkName)), help="The network that the chain stands for.")
def command(data: Path | None, port: int | None, network: str | None) -> None:
    """Start everything on this machine and serve the API until Ctrl-C.

    Starts a PostgreSQL and a development chain of its own, unless DATABASE_URL or BLOCKCHAIN_RPC name others. Prints
    `ready http://…` once the API answers. A first start writes development accounts to `dev-accounts.json` in the data
    folder, which keeps everything for the next start. Warnings go to the error stream; `logs/ccm.log` in that folder
    has them too, and a line for each request.
    """
    serve(settings_from(data=data, port=port, network=network), run_roles)
