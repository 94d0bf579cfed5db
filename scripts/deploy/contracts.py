"""Deploys the contracts to the network that `--network` names, and gives every right away.

    ape run deploy contracts --network ethereum:sepolia:node --account deployer \
        --coin 0xCOIN --admin 0xMULTISIG --issuer 0x… --verifier 0x… --anchor 0x… --matcher 0x… --guardian 0x…

What is deployed is the committed bytecode of contracts/artifacts. The addresses are written to
scripts/deploy/<chain id>.json. A run that was cut short goes on where it stopped.
"""

import json
from pathlib import Path

import click
from ape import chain, networks
from ape.cli import ConnectedProviderCommand, account_option
from ape.contracts import ContractContainer
from eth_utils import keccak
from ethpm_types import ContractType

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = Path(__file__).resolve().parent
DEVELOPMENT_CHAINS = {1337, 31337}

ADMIN, ISSUER, ANCHOR = 0, 1, 5
ROLES = {"issuer": ISSUER, "verifier": 2, "guardian": 3, "matcher": 4, "anchor": ANCHOR}
MICRO_CLASS, LOWEST_LEVEL = 0, 1
FEE_BPS, FEE_CAP_BPS = 0, 100
DAILY_ISSUE_CAP_KG = 10_000_000


def container(name):
    """A contract as it was compiled and committed."""
    artifact = json.loads((ROOT / "contracts" / "artifacts" / f"{name}.json").read_text())
    return ContractContainer(
        ContractType.model_validate(
            {
                "contractName": name,
                "abi": artifact["abi"],
                "deploymentBytecode": {"bytecode": artifact["bytecode"]},
                "runtimeBytecode": {"bytecode": artifact["deployedBytecode"]},
            }
        )
    )


class Deployment:
    """The addresses so far, kept in a file after each contract."""

    def __init__(self, account, out):
        self.account = account
        self.file = out / f"{networks.provider.chain_id}.json"
        self.addresses = json.loads(self.file.read_text()) if self.file.exists() else {}

    def contract(self, name, *arguments):
        """The contract: where an earlier run put it, else deployed now."""
        made = container(name)
        at = self.addresses.get(name)
        if at is None or not chain.provider.get_code(at):
            at = self.account.deploy(made, *arguments).address
            self.addresses[name] = at
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps(self.addresses, indent=2, sort_keys=True) + "\n")
        click.echo(f"{name:15} {at}")
        return made.at(at)


def give_away(manager, account, admin, holders):
    """Grants each role to its holder, admin to the multisig, and leaves the deployer with nothing."""
    for role, holder in holders.items():
        if holder and not manager.hasRole(role, holder).isMember:
            manager.grantRole(role, holder, 0, sender=account)
    if admin != account.address:
        manager.grantRole(ADMIN, admin, 0, sender=account)
        manager.renounceRole(ADMIN, account.address, sender=account)


@click.command(cls=ConnectedProviderCommand)
@account_option()
@click.option("--coin", help="The ERC-20 stablecoin to settle in; a test dollar is deployed on development chains.")
@click.option("--admin", required=True, help="The multisig that administers the contracts from now on.")
@click.option("--issuer", help="May submit issuances.")
@click.option("--verifier", help="May sign issuances.")
@click.option("--guardian", help="May pause.")
@click.option("--matcher", help="May fill the orders that name the matcher.")
@click.option("--anchor", help="May anchor records.")
@click.option("--out", type=click.Path(path_type=Path), default=ADDRESSES, help="Folder of the addresses file.")
def cli(account, *, coin, admin, out, **holders):
    """Deploys to the network named by --network, and gives every right away."""
    deployment = Deployment(account, out)
    manager = deployment.contract("RoleManager", account.address)
    if coin is None:
        if networks.provider.chain_id not in DEVELOPMENT_CHAINS:
            raise click.UsageError("--coin is needed on a real network: the stablecoin that trades settle in")
        coin = deployment.contract("TestDollar").address
    credit = deployment.contract(
        "CarbonCredit",
        "WIA Carbon Credit Micro",
        "WCCM",
        MICRO_CLASS,
        LOWEST_LEVEL,
        DAILY_ISSUE_CAP_KG,
        manager.address,
    )
    deployment.contract("CarbonMarket", credit.address, coin, FEE_BPS, FEE_CAP_BPS, manager.address)
    deployment.contract("Relay")
    records = deployment.contract("RecordAnchor", manager.address)

    if manager.hasRole(ADMIN, account.address).isMember:
        for target, function, role in ((credit, "issue", ISSUER), (records, "anchor", ANCHOR)):
            method = next(abi for abi in target.contract_type.mutable_methods if abi.name == function)
            selectors = [keccak(text=method.selector)[:4]]
            manager.setTargetFunctionRole(target.address, selectors, role, sender=account)
        give_away(manager, account, admin, {ROLES[name]: holder for name, holder in holders.items()})
    click.echo(f"addresses in {deployment.file}")
