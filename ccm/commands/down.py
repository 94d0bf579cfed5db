"""`ccm down`."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import click

from ccm.commands.options import data_option, examples, settings_from
from ccm.stack.runfile import holder

POLL_SECONDS = 0.05


@click.command("down", epilog=examples("ccm down", "ccm down --data /srv/ccm"))
@data_option
@click.option("--timeout", type=click.IntRange(1), default=90, show_default=True, help="Seconds to wait for the end.")
def command(data: Path | None, timeout: int) -> None:
    """Stop what `ccm up` started, and wait until it is gone. Nothing to stop is fine."""
    folder = settings_from(data=data).data.absolute()
    pid = holder(folder)
    if pid is None:
        click.echo(f"nothing runs with the data in {folder}")
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while holder(folder) == pid:
        if time.monotonic() > deadline:
            click.echo(f"ccm: process {pid} still runs after {timeout} s", err=True)
            sys.exit(1)
        time.sleep(POLL_SECONDS)
    click.echo(f"stopped process {pid}")
