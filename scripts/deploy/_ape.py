"""What Ape's commands share: its account as a signer, its provider as a node, and the options."""

import functools
import logging
from pathlib import Path

import click
from ape import networks
from ape.api import TestAccountAPI
from ape.cli import ConnectedProviderCommand
from ape.logging import ClickHandler, LogLevel, logger
from ape.utils import ManagerAccessMixin
from ape_accounts import KeyfileAccount

import scripts.compile_contracts  # noqa: F401  # now: while Ape loads the next command, it hides this folder from Python
from scripts.deploy._core.config import CONFIG, DEVELOPMENT_CHAINS, ROLES, Options
from scripts.deploy._core.errors import DeploymentError, Refused
from scripts.deploy._core.node import Node
from scripts.deploy._core.operate import DEPLOYMENTS, Request

__all__ = ["ConnectedProviderCommand"]

# Ape remarks on its work on the output stream; what a command answers is to stand there alone.
for handler in logging.getLogger("ape").handlers:
    if isinstance(handler, ClickHandler):
        handler.echo_kwargs = {each.name.lower(): {"err": True} for each in LogLevel}


class Account(ManagerAccessMixin):
    """An account of Ape's as the deployer's key."""

    def __init__(self, account):
        if isinstance(account, TestAccountAPI) and networks.provider.chain_id not in DEVELOPMENT_CHAINS:
            raise Refused(f"{account.address} is a test account of Ape's, whose key is published; use one of your own.")
        self._account = account
        self.address = str(account.address)
        self._unlocked = not isinstance(account, KeyfileAccount)

    def sign(self, transaction):
        if not self._unlocked:
            self._account.set_autosign(True)  # the plan was confirmed as a whole; the passphrase is asked for once
            self._unlocked = True
        made = self.provider.network.ecosystem.create_transaction(**transaction)
        with logger.at_level(LogLevel.ERROR):  # it warns at each signature that it remembers the key
            signed = self._account.sign_transaction(made)
        if signed is None:
            raise DeploymentError("The account declined to sign; nothing more was sent.")
        return bytes(signed.serialize_transaction())


def connected_node():
    """The node that `--network` names."""
    return Node(lambda method, parameters: networks.provider.web3.provider.make_request(method, list(parameters)))


def choices(command):
    """The options that say what stands, or is to stand, and where that is written."""
    options = [
        click.option("--multisig", help="The contract that administers everything once the deployer is done."),
        *(
            click.option(f"--{role}", multiple=True, help=f"Holds the role {role}; may be repeated; `none` for nobody.")
            for role in ROLES
        ),
        click.option("--coin", help="The ERC-20 stablecoin that trades settle in, instead of the configured one."),
        click.option("--config", type=click.Path(dir_okay=False), default=str(CONFIG), help="Another networks.toml."),
        click.option("--out", type=click.Path(file_okay=False), default=str(DEPLOYMENTS), help="Folder of the books."),
    ]
    return functools.reduce(lambda made, option: option(made), reversed(options), command)


def telling(command):
    """Tells what stops a deployment in one paragraph, and ends with exit code 1."""

    @functools.wraps(command)
    def told(*arguments, **named):
        try:
            return command(*arguments, **named)
        except DeploymentError as error:
            raise click.ClickException(str(error)) from None

    return told


def requested(
    *, multisig, coin, config, out, mainnet=False, eoa_admin=False, first_nonce=None, renumber=False, **roles
):
    """The options as the core takes them."""
    options = Options(
        multisig=multisig,
        holders={role: list(given) for role, given in roles.items()},
        coin=coin,
        mainnet=mainnet,
        eoa_admin=eoa_admin,
    )
    return Request(options, Path(config), Path(out).absolute(), first_nonce, renumber)
