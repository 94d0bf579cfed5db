"""Deploys all contracts to the network that `--network` names, hands them to the multisig, and checks the result.

    ape run deploy all --network polygon:amoy:https://… --account deployer \
        --multisig 0x… --issuer 0x… --verifier 0x… --guardian 0x… --matcher 0x… --anchor 0x…

See docs/deployment.md.
"""

import sys

import click
from ape.cli import account_option

from scripts.deploy._ape import Account, ConnectedProviderCommand, choices, connected_node, requested, telling
from scripts.deploy._core import report
from scripts.deploy._core.config import DEVELOPMENT_CHAINS
from scripts.deploy._core.operate import deploy, plan


@click.command(cls=ConnectedProviderCommand)
@account_option()
@choices
@click.option("--mainnet", is_flag=True, help="Mean it: the network is a main network.")
@click.option("--eoa-admin", is_flag=True, help="Accept an administrator that is an account with a single key.")
@click.option("--dry-run", is_flag=True, help="Print the plan, send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before sending to a live network.")
@click.option("--first-nonce", type=int, help="The deployer's nonce that the deployment begins, or began, with.")
@click.option("--renumber", is_flag=True, help="Give the steps that are left new nonces, and so new addresses.")
@telling
def cli(account, *, dry_run, yes, **options):
    """Deploy all contracts, hand them over, and check the result; goes on where an earlier run stopped."""
    node, request = connected_node(), requested(**options)
    signer = Account(account)
    if dry_run:
        click.echo(plan(node, signer.address, request)[2])
        return
    ask = not yes and node.chain_id() not in DEVELOPMENT_CHAINS
    findings = deploy(
        node, signer, request, click.echo, lambda: not ask or click.confirm("Send these transactions?", default=False)
    )
    click.echo(report.findings(findings, only_differences=True))
    sys.exit(any(not each.agrees for each in findings))
