"""Taking stock: what the file says was begun, what the chain shows of it, and what is left to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from ledger.kernel.address_book import AddressBook, Coin, Contract, Transaction, file_of
from scripts.deploy._core.artifacts import constructor_arguments, named_arguments
from scripts.deploy._core.config import Target
from scripts.deploy._core.errors import DeploymentError, Refused
from scripts.deploy._core.history import Mined, transaction_with
from scripts.deploy._core.node import Node, created_address
from scripts.deploy._core.standing import is_of_these_sources
from scripts.deploy._core.steps import MANAGER, Numbering, Step, coin_address, steps

TEST_DOLLAR = Coin(address="", symbol="TUSD", decimals=6)
"""The coin of a development chain, but for its address."""

LOOK_BACK = 100
"""How many of the deployer's last transactions are looked through for a deployment whose file is missing."""


@dataclass(slots=True)
class Stock:
    """A deployment as it stands: the book, and every step with its nonce."""

    book: AddressBook
    file: Path
    steps: list[Step]

    def record(self, step: Step) -> Transaction | None:
        """The transaction that was signed for a step."""
        return next((each for each in self.book.transactions if each.purpose == step.purpose), None)

    def is_mined(self, step: Step) -> bool:
        """Whether the step's transaction was seen in a block."""
        record = self.record(step)
        return record is not None and record.block_number is not None

    @property
    def left(self) -> list[Step]:
        """The steps whose transaction is not mined yet."""
        return [step for step in self.steps if not self.is_mined(step)]

    def keep(self, transaction: Transaction) -> None:
        """Writes down what was signed for a step, before it is sent; replaces what stood there for its purpose."""
        others = [each for each in self.book.transactions if each.purpose != transaction.purpose]
        ordered = sorted([*others, transaction], key=lambda each: each.nonce)
        self._write(replace(self.book, transactions=ordered))

    def settle(self, step: Step, mined: Mined) -> None:
        """Writes down that a step's transaction is in a block, and the contract that it created."""
        done = Transaction(
            purpose=step.purpose, nonce=step.nonce, transaction_hash=mined.hash, block_number=mined.block_number
        )
        if creation := step.creation:
            contract = Contract(
                name=creation.contract,
                token=creation.token,
                address=creation.address,
                arguments=named_arguments(creation.contract, creation.arguments),
                encoded_arguments=constructor_arguments(creation.contract, creation.arguments).hex(),
                block_number=mined.block_number,
                transaction_hash=mined.hash,
            )
            known = {each.address: each for each in self.book.contracts} | {contract.address: contract}
            self._write(replace(self.book, contracts=list(known.values())))
        self.keep(done)

    def complete(self) -> None:
        """Writes down that nothing is left to do."""
        self._write(replace(self.book, complete=True))

    def _write(self, book: AddressBook) -> None:
        if book != self.book:
            book.write(self.file)
        self.book = book


def take_stock(
    node: Node,
    target: Target,
    deployer: str,
    folder: Path,
    *,
    first_nonce: int | None = None,
    renumber: bool = False,
) -> Stock:
    """What stands of a deployment and what is left, after everything that was mined meanwhile is written down.

    Nothing is sent. The file is written only where the chain shows something that it does not say yet.

    Raises:
        DeploymentError: what the chain shows does not fit the file or the configuration; the message says what to do.
    """
    file = file_of(folder, target.network.chain_id)
    if file.exists():
        book = AddressBook.read(file)
        _check_same(book, target, deployer, file)
        if first_nonce not in {None, book.first_nonce}:
            raise Refused(f"{file} tells of a deployment already. Move it away to deploy a second set of contracts.")
        return _continued(node, target, book, file, renumber=renumber)
    book = _begun(node, target, deployer, file, first_nonce)
    return _adopted(node, target, book, file)


def _check_same(book: AddressBook, target: Target, deployer: str, file: Path) -> None:
    """Refuses to finish a deployment as another one than it began."""
    coin = book.coin.address if target.coin and book.coin else None
    compared = [
        ("deployer", book.deployer, deployer),
        ("multisig", book.multisig, target.multisig),
        ("roles", book.roles, _listed(target)),
        ("coin", coin, target.coin.address if target.coin else None),
        ("tokens", book.tokens, target.classes()),
    ]
    differing = [f"{what}: {began}, now {now}" for what, began, now in compared if began != now]
    if differing:
        raise Refused(
            f"{file} tells of a deployment that began otherwise ({'; '.join(differing)}). Go on with what it says, or "
            "move it away to deploy a second set of contracts."
        )


def _begun(node: Node, target: Target, deployer: str, file: Path, first_nonce: int | None) -> AddressBook:
    """A book without a step yet.

    Raises:
        Refused: the deployer has transactions waiting, or has created a manager before and it isn't said which to use.
    """
    mined = node.nonce(deployer)
    _check_none_waiting(node, deployer, mined)
    if first_nonce is None:
        earlier = _earlier_deployments(node, deployer, mined)
        if earlier:
            nonce, address = earlier[-1]
            raise Refused(
                f"{deployer} created a {MANAGER} on this chain before, at {address} with nonce {nonce}, but {file} is "
                f"missing. Bring the file back; or --first-nonce {nonce} writes it anew from the chain and goes on "
                f"there; or --first-nonce {mined} deploys a second set of contracts."
            )
    elif first_nonce > mined:
        raise Refused(f"--first-nonce {first_nonce} is still to come: the deployer's next nonce is {mined}.")
    return AddressBook(
        chain_id=target.network.chain_id,
        network=target.name,
        stands_for=target.network.stands_for,
        deployer=deployer,
        first_nonce=mined if first_nonce is None else first_nonce,
        multisig=target.multisig,
        roles=_listed(target),
        coin=target.coin,
        tokens=target.classes(),
    )


def _check_none_waiting(node: Node, deployer: str, mined: int) -> None:
    waiting = node.nonce(deployer, "pending") - mined
    if waiting:
        raise Refused(
            f"{deployer} has {waiting} transactions waiting to be mined that are not of this deployment. Wait until "
            "they are mined, or replace them in the wallet that sent them; then run the same command again."
        )


def _earlier_deployments(node: Node, deployer: str, mined: int) -> list[tuple[int, str]]:
    """The managers that the deployer created lately, by nonce and address."""
    recent = range(max(0, mined - LOOK_BACK), mined)
    addresses = [(nonce, created_address(deployer, nonce)) for nonce in recent]
    return [(nonce, at) for nonce, at in addresses if is_of_these_sources(MANAGER, node.code(at))]


def _adopted(node: Node, target: Target, book: AddressBook, file: Path) -> Stock:
    """The stock of a book that was lost, or is new: the steps whose nonces are used already are read off the chain."""
    mined = node.nonce(book.deployer)
    stock = _stock(target, book, file, Numbering({}, book.first_nonce))
    for step in stock.steps:
        if step.nonce < mined:
            _settle_mined(node, stock, step, None)
    return stock


def _continued(node: Node, target: Target, book: AddressBook, file: Path, *, renumber: bool) -> Stock:
    """The stock of a book that an earlier run left."""
    if book.complete:
        return _stock(target, book, file, Numbering({each.purpose: each.nonce for each in book.transactions}, 0))
    mined = node.nonce(book.deployer)
    begun = {each.purpose: each.nonce for each in book.transactions}
    following = max(begun.values(), default=book.first_nonce - 1) + 1
    stock = _stock(target, book, file, Numbering(begun, following))
    lost: list[Step] = []
    for step in stock.steps:
        record = stock.record(step)
        if record is None:
            continue
        if step.nonce >= mined:
            stock.keep(replace(record, block_number=None))  # a reorg may have taken it back: it is sent again
        elif not _settle_mined(node, stock, step, record.transaction_hash, may_be_lost=renumber):
            lost.append(step)
    free = max(following, mined)
    if free > following and stock.left and not renumber:
        other = transaction_with(node, book.deployer, following)
        raise DeploymentError(_foreign(book.deployer, following, other, stock.left[0]))
    return _renumbered(target, stock, lost, free) if lost or free > following else stock


def _renumbered(target: Target, stock: Stock, lost: Sequence[Step], free: int) -> Stock:
    """The stock with the steps that are left, and those that were lost, on the nonces from `free` on."""
    gone = {step.purpose for step in lost}
    kept = [each for each in stock.book.transactions if each.purpose not in gone]
    numbering = Numbering({each.purpose: each.nonce for each in kept}, free)
    return _stock(target, replace(stock.book, transactions=kept), stock.file, numbering)


def _settle_mined(node: Node, stock: Stock, step: Step, known_hash: str | None, *, may_be_lost: bool = False) -> bool:
    """Writes down where a step's nonce was mined; False when that did not do the step, and need not have.

    Raises:
        DeploymentError: another transaction took the nonce, or the step's own had no effect.
    """
    mined = transaction_with(node, stock.book.deployer, step.nonce, known_hash)
    is_ours = (mined.to, mined.data) == (step.to.lower() if step.to else None, step.data)
    is_done = is_ours and step.is_done(node)
    if not is_done and may_be_lost:
        return False
    if not is_ours:
        raise DeploymentError(_foreign(stock.book.deployer, step.nonce, mined, step))
    if not is_done:
        raise DeploymentError(
            f"Transaction {mined.hash} was to {step.purpose} and is mined, but the chain does not show it: it was "
            "reverted, or undone by a later transaction. Look at it in an explorer; --renumber sends the step again "
            "with the deployer's next nonce."
        )
    stock.settle(step, mined)
    return True


def _foreign(deployer: str, nonce: int, other: Mined, step: Step) -> str:
    return (
        f"{deployer} used nonce {nonce} for {other.hash} (block {other.block_number}), which is no step of this "
        f"deployment; it was to {step.purpose}. What stands so far stays good. --renumber gives the steps that are "
        "left the deployer's next nonces, and so the contracts that are left other addresses than were planned."
    )


def _stock(target: Target, book: AddressBook, file: Path, numbering: Numbering) -> Stock:
    """The book with the steps that follow from it."""
    planned = steps(target, book.deployer, numbering)
    if target.coin is None:
        creations = {step.creation.label: step.creation for step in planned if step.creation}
        address = coin_address(target, creations)
        book = replace(book, coin=replace(TEST_DOLLAR, address=address))
    return Stock(book, file, planned)


def _listed(target: Target) -> dict[str, list[str]]:
    return {role: list(holders) for role, holders in target.holders.items()}
