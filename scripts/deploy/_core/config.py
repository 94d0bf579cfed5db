"""What is to stand where: networks.toml, the options of the command line above it, and what both must say."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
from eth_utils.address import is_checksum_address, is_checksum_formatted_address, is_hex_address, to_checksum_address

from ledger.kernel.address_book import Coin, Token
from ledger.kernel.network_names import NetworkName
from scripts.deploy._core.errors import Refused

CONFIG = Path(__file__).resolve().parents[1] / "networks.toml"
DEVELOPMENT_CHAINS = frozenset({31_337, 1337})
"""The only chains for contracts and keys that are made for playing."""

RoleName = Literal["issuer", "verifier", "guardian", "matcher", "anchor"]
ROLES: dict[RoleName, int] = {"issuer": 1, "verifier": 2, "guardian": 3, "matcher": 4, "anchor": 5}
"""contracts/src/Roles.sol."""
ADMIN = 0
NOBODY = "none"
CLASSES = {"micro": 0, "registry": 1}
SECONDS_PER_HOUR = 3600


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class Contracts(_Table, frozen=True):
    """What holds on every network."""

    fee_bps: int
    """Of every fill, in hundredths of a percent; the admin can change it, up to the cap."""
    fee_cap_bps: int
    """Immutable."""
    delay_hours: int
    """How long before a new issuer or verifier counts, or a change of who may call what on a contract."""


class TokenTable(_Table, frozen=True):
    """A class of credits; the table's key is the symbol."""

    name: str
    credit_class: Literal["micro", "registry"]
    lowest_level: int
    """The lowest verification level that is accepted."""
    daily_issue_cap_kg: int
    """What one issuer may issue in a day."""


class RolesTable(_Table, frozen=True):
    """Who holds which role; an unset role is refused, an empty list is meant."""

    multisig: str | None = None
    issuers: list[str] | None = None
    verifiers: list[str] | None = None
    guardians: list[str] | None = None
    matchers: list[str] | None = None
    anchors: list[str] | None = None


class Network(_Table, frozen=True):
    """A chain to deploy to."""

    chain_id: int
    stands_for: NetworkName
    kind: Literal["development", "testnet", "mainnet"]
    native: str
    """The symbol of what gas is paid in."""
    coin: Coin | None = None
    roles: RolesTable = RolesTable()


class Config(_Table, frozen=True):
    """The whole file."""

    contracts: Contracts
    tokens: dict[str, TokenTable]
    networks: dict[str, Network]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; None and empty leave it to the file."""

    multisig: str | None = None
    holders: Mapping[RoleName, Sequence[str]] = field(default_factory=dict)
    coin: str | None = None
    mainnet: bool = False
    eoa_admin: bool = False
    """Whether an account without code may administer a live network."""


@dataclass(frozen=True, slots=True)
class Target:
    """Everything that a deployment is to make true, checked for completeness."""

    name: str
    """The network's name in the file."""
    network: Network
    contracts: Contracts
    tokens: Mapping[str, TokenTable]
    multisig: str
    holders: Mapping[RoleName, tuple[str, ...]]
    coin: Coin | None
    """None on a development chain, where a TestDollar is deployed."""

    @property
    def is_development(self) -> bool:
        """Whether its money and credits are worth nothing."""
        return self.network.chain_id in DEVELOPMENT_CHAINS

    @property
    def delay_seconds(self) -> int:
        """How long before a new issuer or verifier counts, or a change of who may call what on a contract."""
        return self.contracts.delay_hours * SECONDS_PER_HOUR

    def classes(self) -> dict[str, Token]:
        """The classes of credits as the address book names them."""
        return {symbol: Token(name=each.name, credit_class=each.credit_class) for symbol, each in self.tokens.items()}


def load(file: Path = CONFIG) -> Config:
    """Reads a configuration.

    Raises:
        Refused: the file is missing, or a field is unknown, missing or of the wrong type.
    """
    try:
        return msgspec.convert(tomllib.loads(file.read_text()), Config)
    except FileNotFoundError:
        raise Refused(f"{file} is missing; --config names another configuration.") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Refused(f"{file}: {error}") from None


def network_of(config: Config, chain_id: int) -> tuple[str, Network]:
    """The network with this chain id, with its name.

    Raises:
        Refused: the configuration names none.
    """
    for name, network in config.networks.items():
        if network.chain_id == chain_id:
            return name, network
    raise Refused(f"The node serves chain {chain_id}, which the configuration does not name: add a [networks.…] table.")


def resolve(config: Config, chain_id: int, options: Options) -> Target:
    """What is to stand on this chain.

    Raises:
        Refused: something is missing or contradicts itself; the message lists all of it.
    """
    name, network = network_of(config, chain_id)
    if network.kind == "mainnet" and not options.mainnet:
        raise Refused(f"{name} is a main network: what is sent there costs real money. Say --mainnet if you mean it.")
    problems: list[str] = []
    multisig = _multisig(name, network, options, problems)
    holders: dict[RoleName, tuple[str, ...]] = {}
    for role in ROLES:
        holders[role] = _holders(name, network, options, role, problems)
    coin = _coin(name, network, options, problems)
    both = sorted(set(holders["issuer"]) & set(holders["verifier"]))
    problems += [
        f"{each} cannot be issuer and verifier: a verifier vouches for what an issuer submits" for each in both
    ]
    if problems:
        raise Refused("\n".join(f"- {each}" for each in problems))
    return Target(name, network, config.contracts, config.tokens, multisig, holders, coin)


def _multisig(name: str, network: Network, options: Options, problems: list[str]) -> str:
    given = options.multisig or network.roles.multisig
    if given is None:
        problems.append(
            f"who administers the contracts is not said: --multisig 0x…, or [networks.{name}.roles] multisig"
        )
        return ""
    return _address(given, "the multisig", problems)


def _holders(name: str, network: Network, options: Options, role: RoleName, problems: list[str]) -> tuple[str, ...]:
    given: Sequence[str] | None = options.holders.get(role) or None
    if given is None:
        given = getattr(network.roles, f"{role}s")
        if given is None:
            problems.append(
                f"nobody is said to be {role}: --{role} 0x… (or --{role} {NOBODY}), or [networks.{name}.roles] {role}s"
            )
            return ()
    elif list(given) == [NOBODY]:
        return ()
    return tuple(dict.fromkeys(_address(each, f"the {role}", problems) for each in given))


def _coin(name: str, network: Network, options: Options, problems: list[str]) -> Coin | None:
    """The settlement coin; one from the command line is described by the chain when it is checked."""
    if network.chain_id in DEVELOPMENT_CHAINS:
        if options.coin or network.coin:
            problems.append(f"{name} is a development chain: a TestDollar is deployed there, no coin is named")
        return None
    if options.coin:
        return Coin(address=_address(options.coin, "the coin", problems), symbol="", decimals=0)
    if network.coin is None:
        problems.append(f"the coin that trades settle in is not said: --coin 0x…, or [networks.{name}] coin")
        return None
    _address(network.coin.address, "the coin", problems)
    return network.coin


def _address(text: str, whose: str, problems: list[str]) -> str:
    """The address with its checksum, which a text in mixed case must bear already."""
    if not is_hex_address(text) or not text.startswith("0x"):
        problems.append(f"{whose}: {text} is no address")
        return text
    if is_checksum_formatted_address(text) and not is_checksum_address(text):
        problems.append(f"{whose}: the checksum of {text} is wrong; copy it again")
        return text
    if int(text, 16) == 0:
        problems.append(f"{whose}: nobody has the address zero")
    return to_checksum_address(text)
