"""Reads a deployment back from the chain and compares everything with the configuration and the address book.

ape run deploy check --network polygon:amoy:https://…
"""

import sys

import click

from scripts.deploy._ape import ConnectedProviderCommand, choices, connected_node, requested, telling
from scripts.deploy._core import report
from scripts.deploy._core.operate import check_again


@click.command(cls=ConnectedProviderCommand)
@choices
@click.option("--json", "as_json", is_flag=True, help="Answer one JSON object.")
@telling
def cli(*, as_json, **options):
    """Read everything back from the chain; exit code 1 where anything differs."""
    findings = check_again(connected_node(), requested(**options))
    click.echo(report.as_json(findings) if as_json else report.findings(findings))
    sys.exit(any(not each.agrees for each in findings))
