"""Where the contracts stand on one chain: a file that a deployment writes after every step, and that services read.

Addresses are text with the checksum of EIP-55, so that the file can be read aloud and a slip of a finger is noticed.
`docs/deployment.md` describes the fields for other readers.
"""

from pathlib import Path
from typing import Any, Literal, Self

import msgspec
from eth_utils.address import is_checksum_address, to_canonical_address

from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.files import write_whole

VERSION = 1
"""Raised when a field changes its meaning, or one that readers need is added."""


class UnusableAddressBook(BlockchainUnavailable):
    """The file is missing, damaged, or of a version that this reader does not know."""


class _Record(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A part of the file."""


class Coin(_Record, frozen=True):
    """The ERC-20 stablecoin that trades settle in."""

    address: str
    symbol: str
    decimals: int


class Token(_Record, frozen=True):
    """A class of credits, by its symbol the key of `tokens`."""

    name: str
    credit_class: Literal["micro", "registry"]


class Contract(_Record, frozen=True, omit_defaults=True):
    """A contract that stands."""

    name: str
    """Its name in the source, e.g. CarbonMarket."""
    address: str
    arguments: dict[str, Any]
    """What its constructor was given, by parameter; integers as numbers, addresses as text."""
    encoded_arguments: str
    """The same as explorers ask for them: ABI-encoded, hex without 0x."""
    block_number: int
    transaction_hash: str
    token: str | None = None
    """The symbol of the class that it belongs to; None where it serves all."""


class Transaction(_Record, frozen=True, omit_defaults=True):
    """A transaction of the deployment that was signed, in the order of the nonces."""

    purpose: str
    """What it does, in words; a step is known by them."""
    nonce: int
    transaction_hash: str
    raw: str | None = None
    """The signed transaction, kept until it is mined so that it can be sent again."""
    block_number: int | None = None
    """Where it was mined; None while that was not seen."""


class AddressBook(_Record, frozen=True):
    """A deployment, finished or under way."""

    chain_id: int
    network: str
    """Its name in networks.toml, e.g. amoy."""
    stands_for: str
    """The network's name in the standard, e.g. polygon."""
    deployer: str
    first_nonce: int
    """The deployer's nonce that the deployment began with: every address follows from it."""
    multisig: str
    """Who administers the contracts once the deployment is complete."""
    roles: dict[str, list[str]]
    """The holders that were granted each role, by the role's name."""
    coin: Coin | None = None
    tokens: dict[str, Token] = msgspec.field(default_factory=dict)
    contracts: list[Contract] = msgspec.field(default_factory=list)
    transactions: list[Transaction] = msgspec.field(default_factory=list)
    complete: bool = False
    """Whether every step is done, the deployer's renouncing included."""
    version: int = VERSION

    def find(self, name: str, token: str | None = None) -> Contract | None:
        """The contract of this name, of the class with this symbol where there is one for each."""
        return next((each for each in self.contracts if (each.name, each.token) == (name, token)), None)

    def token_of(self, credit_class: Literal["micro", "registry"]) -> str | None:
        """The symbol of a class of credits; None where it was not deployed."""
        return next((symbol for symbol, token in self.tokens.items() if token.credit_class == credit_class), None)

    @classmethod
    def read(cls, file: Path) -> Self:
        """What a file says.

        Raises:
            UnusableAddressBook: it is missing, damaged or of another version, or an address has a wrong checksum.
        """
        try:
            told = msgspec.json.decode(file.read_bytes())
            version = told.get("version") if isinstance(told, dict) else None
            if version != VERSION:
                raise UnusableAddressBook(f"{file} has version {version}; this release reads version {VERSION}.")
            book = msgspec.convert(told, cls)
        except FileNotFoundError:
            raise UnusableAddressBook(
                f"{file} is missing. Deploy to that chain first, or name the folder that holds its file."
            ) from None
        except msgspec.MsgspecError as error:
            raise UnusableAddressBook(
                f"{file} is damaged ({error}). Bring it back from version control, or have the deployment write it "
                "anew from the chain: see docs/deployment.md."
            ) from None
        if wrong := [each for each in book.addresses() if not is_checksum_address(each)]:
            raise UnusableAddressBook(f"{file}: {wrong[0]} is no address, or its checksum (EIP-55) is wrong.")
        return book

    def write(self, file: Path) -> None:
        """Replaces the file in one step: a crash leaves the old one or the new one."""
        write_whole(file, msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n")

    def addresses(self) -> list[str]:
        """Every address that it names."""
        coin = [self.coin.address] if self.coin else []
        holders = [holder for held in self.roles.values() for holder in held]
        return [self.deployer, self.multisig, *coin, *holders, *(each.address for each in self.contracts)]


def file_of(folder: Path, chain_id: int) -> Path:
    """Where a folder keeps the address book of a chain."""
    return folder / f"{chain_id}.json"


def address_bytes(address: str) -> bytes:
    """An address of the book as the chain's bindings take it, 20 bytes."""
    return to_canonical_address(address)
