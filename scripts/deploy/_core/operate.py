"""What an operator can have done: the plan, the deployment, and the check. Ape's commands only call these."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from ledger.kernel.address_book import AddressBook, UnusableAddressBook, file_of
from scripts.deploy._core import report
from scripts.deploy._core.carry_out import Pace, Say, Signer, carry_out, current_fees
from scripts.deploy._core.check import Finding, check
from scripts.deploy._core.config import CONFIG, NOBODY, ROLES, Network, Options, Target, load, network_of, resolve
from scripts.deploy._core.errors import DeploymentError, Refused
from scripts.deploy._core.guards import check_accounts, described_coin
from scripts.deploy._core.node import Node
from scripts.deploy._core.stock import Stock, take_stock

DEPLOYMENTS = Path(__file__).resolve().parents[1] / "deployments"


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked for."""

    options: Options = field(default_factory=Options)
    config: Path = CONFIG
    folder: Path = DEPLOYMENTS
    """Where the address books are."""
    first_nonce: int | None = None
    renumber: bool = False
    pace: Pace = field(default_factory=Pace)


def plan(node: Node, deployer: str, request: Request) -> tuple[Target, Stock, str]:
    """What is to be sent, and the same as text. Nothing is sent, and no refusal comes later than here.

    Raises:
        DeploymentError: the deployment cannot be begun or gone on with; the message says why and what to do.
    """
    target = _target(node, request)
    check_accounts(node, target, deployer, request.options)
    stock = take_stock(
        node, target, deployer, request.folder, first_nonce=request.first_nonce, renumber=request.renumber
    )
    balance_wei = node.number("eth_getBalance", deployer, "latest")
    return target, stock, report.plan(target, stock, current_fees(node), balance_wei)


def deploy(node: Node, signer: Signer, request: Request, say: Say, confirmed: Callable[[], bool]) -> list[Finding]:
    """Prints the plan, carries out what is left of it once that is confirmed, and reads everything back.

    Raises:
        DeploymentError: it stops; the same command goes on from there.
    """
    target, stock, text = plan(node, signer.address, request)
    say(text)
    if stock.left:
        _check_affordable(node, signer.address, stock, target)
        if not confirmed():
            raise Refused("Not confirmed; nothing was sent.")
    carry_out(node, signer, stock, say, request.pace)
    say(f"written to {stock.file}")
    return check(node, target, stock.book)


def check_again(node: Node, request: Request) -> list[Finding]:
    """Reads a deployment back from the chain, beside its address book and the configuration.

    Raises:
        DeploymentError: there is no address book, or the node does not answer what is asked.
    """
    book = book_of(node.chain_id(), request.folder)
    reading = replace(request, options=replace(request.options, mainnet=True))
    return check(node, _target(node, reading), book)


def book_of(chain_id: int, folder: Path) -> AddressBook:
    """The address book of a chain.

    Raises:
        Refused: there is none.
        DeploymentError: it is damaged.
    """
    book = _book(chain_id, folder)
    if book is None:
        raise Refused(f"{file_of(folder, chain_id)} is missing: nothing was deployed to this chain from here.")
    return book


def _target(node: Node, request: Request) -> Target:
    """What is to stand, from the options, the configuration, and where both are silent the address book."""
    config = load(request.config)
    chain_id = node.chain_id()
    book = _book(chain_id, request.folder)
    options = request.options
    if book is not None:
        options = _remembering(options, network_of(config, chain_id)[1], book)
    return described_coin(node, resolve(config, chain_id, options))


def _book(chain_id: int, folder: Path) -> AddressBook | None:
    file = file_of(folder, chain_id)
    try:
        return AddressBook.read(file) if file.exists() else None
    except UnusableAddressBook as error:
        raise DeploymentError(error.message) from None


def _remembering(options: Options, network: Network, book: AddressBook) -> Options:
    """The options, with what the deployment began with wherever neither they nor the configuration say anything."""
    configured = msgspec.structs.asdict(network.roles)
    holders = {
        role: options.holders.get(role) or (book.roles.get(role) or [NOBODY] if configured[f"{role}s"] is None else ())
        for role in ROLES
    }
    coin = None
    if book.coin and network.kind != "development":
        coin = book.coin.address if network.coin is None or network.coin.address != book.coin.address else None
    return replace(
        options,
        multisig=options.multisig or network.roles.multisig or book.multisig,
        holders=holders,
        coin=options.coin or coin,
    )


def _check_affordable(node: Node, deployer: str, stock: Stock, target: Target) -> None:
    needed_wei = report.gas_left(stock) * current_fees(node).price_wei
    lacking_wei = needed_wei - node.number("eth_getBalance", deployer, "latest")
    if lacking_wei > 0:
        raise Refused(
            f"The deployer lacks about {report.in_coin(lacking_wei)} {target.network.native}: send it to {deployer}, "
            "and some more, because prices move; then run the same command again."
        )
