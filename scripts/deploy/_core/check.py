"""Reading everything back: what stands on the chain, beside what the configuration and the address book say."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from ledger.kernel.address_book import AddressBook, Contract
from scripts.deploy._core.artifacts import writing_functions
from scripts.deploy._core.config import ADMIN, CLASSES, ROLES, Target, TokenTable
from scripts.deploy._core.errors import DeploymentError
from scripts.deploy._core.guards import read_coin
from scripts.deploy._core.members import members
from scripts.deploy._core.node import Node
from scripts.deploy._core.standing import stands
from scripts.deploy._core.steps import DELAYED, DOLLAR, MANAGER, RESTRICTED, Creation, Numbering, steps

NONE = "nothing"
MICROS_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was read from the chain."""

    subject: str
    what: str
    expected: str
    found: str

    @property
    def agrees(self) -> bool:
        """Whether the chain says what was expected."""
        return self.expected == self.found


def check(node: Node, target: Target, book: AddressBook) -> list[Finding]:
    """Everything that the deployment was to make true, as the chain shows it now.

    Raises:
        DeploymentError: the node does not answer what is asked.
    """
    return list(_Check(node, target, book).findings())


class _Check:
    def __init__(self, node: Node, target: Target, book: AddressBook) -> None:
        self._node = node
        self._target = target
        self._book = book
        begun = {each.purpose: each.nonce for each in book.transactions}
        following = max(begun.values(), default=book.first_nonce - 1) + 1
        planned = steps(target, book.deployer, Numbering(begun, following))
        self._creations = [step.creation for step in planned if step.creation]
        self._manager = self._of(MANAGER).address

    def findings(self) -> Iterator[Finding]:
        """Every finding, contract by contract."""
        yield Finding("chain", "id", str(self._target.network.chain_id), str(self._node.chain_id()))
        for creation in self._creations:
            yield from self._standing(creation)
        yield from self._coin()
        for creation in self._creations:
            if creation.contract in RESTRICTED:
                yield from self._authority(creation)
        yield self._reads(self._of("RecordAnchor"), "authority", self._manager)
        for symbol, token in self._target.tokens.items():
            yield from self._credit(self._of("CarbonCredit", symbol), symbol, token)
            yield from self._market(self._of("CarbonMarket", symbol), symbol)
            yield self._reads(
                self._of("RetirementCertificate", symbol), "credit", self._of("CarbonCredit", symbol).address
            )
        yield from self._roles()

    def _of(self, contract: str, token: str | None = None) -> Creation:
        return next(each for each in self._creations if (each.contract, each.token) == (contract, token))

    def _reads(self, creation: Creation, function: str, expected: Any) -> Finding:
        return Finding(creation.label, function, _shown(expected), self._answer(creation, function))

    def _answer(self, creation: Creation, function: str, *arguments: Any) -> str:
        """What a contract answers, for reading; what it refuses is told in the node's words."""
        try:
            return _shown(self._node.read(creation.contract, creation.address, function, *arguments))
        except DeploymentError as error:
            return str(error)

    # --- What stands -----------------------------------------------------------------------------------------------

    def _standing(self, creation: Creation) -> Iterator[Finding]:
        """The code with its constructor arguments, and what the book says of it."""
        expected = f"the committed {creation.contract}"
        try:
            found = expected if stands(self._node, creation) else NONE
        except DeploymentError:
            found = "other code, or other arguments"
        yield Finding(creation.label, "code", expected, found)
        told: Contract | None = self._book.find(creation.contract, creation.token)
        yield Finding(creation.label, "address in the book", creation.address, told.address if told else NONE)

    def _coin(self) -> Iterator[Finding]:
        coin = self._book.coin
        if coin is None:
            yield Finding("coin", "address in the book", "one", NONE)
            return
        try:
            found = read_coin(self._node, coin.address)
        except DeploymentError as error:
            yield Finding("coin", "code", coin.symbol, str(error))
            return
        yield Finding("coin", "symbol", coin.symbol, found.symbol)
        yield Finding("coin", "decimals", str(coin.decimals), str(found.decimals))

    def _credit(self, creation: Creation, symbol: str, token: TokenTable) -> Iterator[Finding]:
        yield self._reads(creation, "name", token.name)
        yield self._reads(creation, "symbol", symbol)
        yield self._reads(creation, "creditClass", CLASSES[token.credit_class])
        yield self._reads(creation, "lowestLevel", token.lowest_level)
        yield self._reads(creation, "dailyIssueCapKg", token.daily_issue_cap_kg)
        yield self._reads(creation, "pausedUntil", 0)

    def _market(self, creation: Creation, symbol: str) -> Iterator[Finding]:
        coin = self._target.coin.address if self._target.coin else self._of(DOLLAR).address
        decimals = self._target.coin.decimals if self._target.coin else MICROS_DECIMALS
        yield self._reads(creation, "credit", self._of("CarbonCredit", symbol).address)
        yield self._reads(creation, "coin", coin)
        yield self._reads(creation, "scale", 10 ** (decimals - MICROS_DECIMALS))
        yield self._reads(creation, "feeBps", self._target.contracts.fee_bps)
        yield self._reads(creation, "feeCapBps", self._target.contracts.fee_cap_bps)
        yield self._reads(creation, "pausedUntil", 0)

    # --- Who may do what -------------------------------------------------------------------------------------------

    def _authority(self, creation: Creation) -> Iterator[Finding]:
        """Whom the contract asks, and which role the manager names for each function that can change something."""
        yield self._reads(creation, "authority", self._manager)
        manager = self._of(MANAGER)
        yield Finding(creation.label, "closed", "False", self._answer(manager, "isTargetClosed", creation.address))
        delay = self._answer(manager, "getTargetAdminDelay", creation.address)
        yield Finding(creation.label, "admin delay", f"{self._target.delay_seconds} s", f"{delay} s")
        for selector, function in writing_functions(creation.contract).items():
            role = RESTRICTED[creation.contract].get(function, ADMIN)
            found = self._answer(manager, "getTargetFunctionRole", creation.address, selector)
            yield Finding(creation.label, f"role for {function}", _role(str(role)), _role(found))

    def _roles(self) -> Iterator[Finding]:
        manager = self._of(MANAGER)
        for name, number in ROLES.items():
            delay = self._target.delay_seconds if name in DELAYED else 0
            yield Finding(name, "grant delay", f"{delay} s", self._answer(manager, "getRoleGrantDelay", number) + " s")
            yield Finding(name, "granted by", "admin", _role(self._answer(manager, "getRoleAdmin", number)))
            yield Finding(name, "cancelled by", "admin", _role(self._answer(manager, "getRoleGuardian", number)))
        yield Finding("admin", "grant delay", "0 s", self._answer(manager, "getRoleGrantDelay", ADMIN) + " s")
        try:
            found = members(self._node, self._manager, self._first_block)
        except DeploymentError as error:
            yield Finding("roles", "holders", "as configured", str(error))
            return
        expected = {number: set(self._target.holders[name]) for name, number in ROLES.items()}
        expected[ADMIN] = {self._target.multisig}
        for role in sorted(expected.keys() | found.keys()):
            holders = found.get(role, [])
            yield Finding(_role(str(role)), "holders", _list(expected.get(role, set())), _list(map(str, holders)))
        held = sorted(
            role for role, holders in found.items() if self._book.deployer in {each.account for each in holders}
        )
        yield Finding("deployer", "roles", NONE, ", ".join(_role(str(each)) for each in held) or NONE)

    @property
    def _first_block(self) -> int:
        return min((each.block_number for each in self._book.contracts), default=0)


def _shown(value: Any) -> str:
    """A value as findings compare it; an address with its checksum."""
    if isinstance(value, str) and value.startswith("0x"):
        return to_checksum_address(value)
    return str(value)


def _role(number: str) -> str:
    names = {str(ADMIN): "admin"} | {str(role): name for name, role in ROLES.items()}
    return names.get(number, f"role {number}")


def _list(accounts: Iterable[str]) -> str:
    return ", ".join(sorted(accounts)) or "nobody"
