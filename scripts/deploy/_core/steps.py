"""The steps of a deployment: every transaction, what it makes true, and how the chain shows that it is done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.deploy._core.artifacts import call_data, creation_code, runtime_bytes, selector
from scripts.deploy._core.config import ADMIN, CLASSES, ROLES, RoleName, Target
from scripts.deploy._core.node import Node, created_address
from scripts.deploy._core.standing import stands

MANAGER = "RoleManager"
DOLLAR = "TestDollar"

RESTRICTED: Mapping[str, Mapping[str, int]] = {
    "CarbonCredit": {"issue": ROLES["issuer"], "suspend": ROLES["guardian"], "pause": ROLES["guardian"]},
    "CarbonMarket": {"pause": ROLES["guardian"]},
}
"""Who but the admin may call what. Every other restricted function stays the admin's.

RecordAnchor asks for its role itself, and so does CarbonMarket for a matcher, CarbonCredit for a verifier.
"""

DELAYED: tuple[RoleName, ...] = ("issuer", "verifier")
"""The roles that count only some time after they were granted: who makes credits must not change overnight."""


@dataclass(frozen=True, slots=True)
class Creation:
    """A contract that a transaction creates."""

    contract: str
    """Its name in the source."""
    token: str | None
    """The symbol of the class that it belongs to."""
    arguments: tuple[Any, ...]
    """What its constructor is given."""
    address: str

    @property
    def label(self) -> str:
        """What people call it, e.g. CarbonMarket WCCR."""
        return f"{self.contract} {self.token}" if self.token else self.contract

    @property
    def code(self) -> bytes:
        """What the transaction carries."""
        return creation_code(self.contract, self.arguments)


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of the deployer's."""

    purpose: str
    """In words; a step is known by them."""
    nonce: int
    to: str | None
    """None where it creates a contract."""
    data: bytes
    gas: int
    """What it is estimated to use."""
    creation: Creation | None
    concerns: str
    """The address of what it creates, or of whom it grants something."""
    is_done: Callable[[Node], bool]
    """Whether the chain shows what the step makes true."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """Which nonce each step has: the ones that began keep theirs, the others follow one another from `following`."""

    begun: Mapping[str, int]
    following: int

    def iterate(self) -> Callable[[str], int]:
        """The nonce of each step, asked for in the order of the steps."""
        fresh = iter(range(self.following, self.following + 1000))
        return lambda purpose: self.begun[purpose] if purpose in self.begun else next(fresh)


def steps(target: Target, deployer: str, numbering: Numbering) -> list[Step]:
    """Every transaction of a deployment, in order."""
    nonce_of = numbering.iterate()
    creations: dict[str, Creation] = {}
    made: list[Step] = []
    for contract, token, arguments in _contracts(target, deployer, creations):
        purpose = f"create {contract} {token}" if token else f"create {contract}"
        nonce = nonce_of(purpose)
        creation = Creation(contract, token, arguments, created_address(deployer, nonce))
        creations[creation.label] = creation
        made.append(_creating(purpose, nonce, creation))
    manager = creations[MANAGER].address
    made += [
        Step(call.purpose, nonce_of(call.purpose), manager, call.data, call.gas, None, call.account, call.is_done)
        for call in _calls(target, deployer, manager, list(creations.values()))
    ]
    return made


def coin_address(target: Target, creations: Mapping[str, Creation]) -> str:
    """The settlement coin: the network's, or the TestDollar of a development chain."""
    return target.coin.address if target.coin else creations[DOLLAR].address


def _contracts(
    target: Target, deployer: str, creations: Mapping[str, Creation]
) -> Iterator[tuple[str, str | None, tuple[Any, ...]]]:
    """Each contract with its class and constructor arguments; `creations` holds those that came before."""
    yield MANAGER, None, (deployer,)
    manager = creations[MANAGER].address
    yield "RecordAnchor", None, (manager,)
    yield "Relay", None, ()
    if target.coin is None:
        yield DOLLAR, None, ()
    coin = coin_address(target, creations)
    fees = (target.contracts.fee_bps, target.contracts.fee_cap_bps)
    for symbol, each in target.tokens.items():
        described = (each.name, symbol, CLASSES[each.credit_class], each.lowest_level, each.daily_issue_cap_kg)
        yield "CarbonCredit", symbol, (*described, manager)
        credit = creations[f"CarbonCredit {symbol}"].address
        yield "CarbonMarket", symbol, (credit, coin, *fees, manager)
        yield "RetirementCertificate", symbol, (credit,)


# --- Calls to the manager ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Call:
    purpose: str
    data: bytes
    gas: int
    account: str
    is_done: Callable[[Node], bool]


def _calls(target: Target, deployer: str, manager: str, creations: Sequence[Creation]) -> Iterator[_Call]:
    """Who may call what, who holds which role, and last of all who administers: the multisig, and no longer we."""
    for creation in creations:
        for role, functions in _by_role(RESTRICTED.get(creation.contract, {})).items():
            yield _restrict(manager, creation, functions, role)
    for creation in creations:
        if creation.contract in RESTRICTED:
            yield _delay_changes(manager, creation, target.delay_seconds)
    for name, holders in target.holders.items():
        for holder in holders:
            yield _grant(manager, ROLES[name], holder, f"grant {name} to {holder}")
    for name in DELAYED:
        yield _delay(manager, name, target.delay_seconds)
    yield _grant(manager, ADMIN, target.multisig, f"grant admin to {target.multisig}")
    yield _Call(
        "renounce the deployer's admin",
        call_data(MANAGER, "renounceRole", ADMIN, deployer),
        RENOUNCE_GAS,
        deployer,
        lambda node: not _has_role(node, manager, ADMIN, deployer),
    )


def _by_role(functions: Mapping[str, int]) -> dict[int, list[str]]:
    """The functions that each role may call."""
    gathered: dict[int, list[str]] = {}
    for function, role in functions.items():
        gathered.setdefault(role, []).append(function)
    return gathered


def _restrict(manager: str, creation: Creation, functions: Sequence[str], role: int) -> _Call:
    selectors = [selector(creation.contract, function) for function in functions]
    name = next(name for name, number in ROLES.items() if number == role)

    def is_done(node: Node) -> bool:
        asked = (node.read(MANAGER, manager, "getTargetFunctionRole", creation.address, each) for each in selectors)
        return all(found == role for found in asked)

    return _Call(
        f"let each {name} {' and '.join(functions)} on {creation.label}",
        call_data(MANAGER, "setTargetFunctionRole", creation.address, selectors, role),
        RESTRICT_GAS + len(selectors) * RESTRICT_GAS_PER_FUNCTION,
        "",
        is_done,
    )


def _grant(manager: str, role: int, account: str, purpose: str) -> _Call:
    return _Call(
        purpose,
        call_data(MANAGER, "grantRole", role, account, 0),
        GRANT_GAS,
        account,
        lambda node: _has_role(node, manager, role, account),
    )


def _delay_changes(manager: str, creation: Creation, seconds: int) -> _Call:
    return _Call(
        f"delay changes of who may call what on {creation.label} by {seconds} s",
        call_data(MANAGER, "setTargetAdminDelay", creation.address, seconds),
        DELAY_GAS,
        "",
        lambda node: bool(node.read(MANAGER, manager, "getTargetAdminDelay", creation.address) == seconds),
    )


def _delay(manager: str, name: RoleName, seconds: int) -> _Call:
    return _Call(
        f"delay new grants of {name} by {seconds} s",
        call_data(MANAGER, "setGrantDelay", ROLES[name], seconds),
        DELAY_GAS,
        "",
        lambda node: bool(node.read(MANAGER, manager, "getRoleGrantDelay", ROLES[name]) == seconds),
    )


def _has_role(node: Node, manager: str, role: int, account: str) -> bool:
    is_member: bool = node.read(MANAGER, manager, "hasRole", role, account)[0]
    return is_member


# --- What a step is estimated to use, before anything stands that a node could try it on ----------------------------

TRANSACTION_GAS = 21_000
CREATION_GAS = 32_000
GAS_PER_CODE_BYTE = 200
GAS_PER_INITCODE_WORD = 2
GAS_PER_ZERO_BYTE, GAS_PER_BYTE = 4, 16
"""The protocol's own prices (EIP-170, 2028, 3860)."""

CONSTRUCTOR_GAS = {
    "RoleManager": 120_000,
    "RecordAnchor": 40_000,
    "Relay": 10_000,
    "TestDollar": 60_000,
    "CarbonCredit": 180_000,
    "CarbonMarket": 110_000,
    "RetirementCertificate": 120_000,
}
RESTRICT_GAS, RESTRICT_GAS_PER_FUNCTION = 35_000, 25_000
GRANT_GAS = 60_000
DELAY_GAS = 55_000
RENOUNCE_GAS = 30_000
"""Measured, and rounded up; a test holds the sum to what a deployment uses."""


def _creating(purpose: str, nonce: int, creation: Creation) -> Step:
    data = creation.code
    zeros = data.count(0)
    words_up = -(-len(data) // 32)
    gas = (
        TRANSACTION_GAS
        + CREATION_GAS
        + zeros * GAS_PER_ZERO_BYTE
        + (len(data) - zeros) * GAS_PER_BYTE
        + words_up * GAS_PER_INITCODE_WORD
        + runtime_bytes(creation.contract) * GAS_PER_CODE_BYTE
        + CONSTRUCTOR_GAS[creation.contract]
    )
    return Step(purpose, nonce, None, data, gas, creation, creation.address, lambda node: stands(node, creation))
