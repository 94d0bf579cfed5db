"""What holders, traders and verifiers sign: EIP-712 digests of the contracts' structs, and the names (refs) of acts.

Each struct is a tuple in the order of its Solidity members, so that it also is the argument of the function that
takes it. The type strings stand in the contracts' interfaces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from eth_utils.crypto import keccak

from ledger.chain.abi import abi_hash, encoding_of

CREDIT_NAME = "WIA Carbon Credit Micro"
MARKET_NAME = "Carbon Credit Market"
DOLLAR_NAME = "Test Dollar"
VERSION = "1"

NOBODY = bytes(20)
"""The zero address: an order's filler where anyone may fill."""
FOREVER = 2**256 - 1
"""A deadline, or an allowance, without end."""

BUY = 0
SELL = 1


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one contract on one chain."""

    name: str
    chain_id: int
    contract: bytes

    @property
    def separator(self) -> bytes:
        """The EIP-712 domain separator."""
        return _separator(self)


class Order(NamedTuple):
    """A limit order. Kilograms, prices in millionths of the coin per kg, Unix seconds."""

    maker: bytes
    side: int
    kg: int
    price_per_kg: int
    min_fill_kg: int
    filler: bytes
    expiry: int
    counter: int
    salt: bytes
    max_fee_bps: int


class Retirement(NamedTuple):
    """What a holder wants retired, and why. No batch ids: the eligible batches, oldest listed first."""

    kg: int
    batch_ids: tuple[bytes, ...]
    earliest_vintage: int
    commitment: bytes
    reason: int
    period: int
    nonce: bytes


class BatchTerms(NamedTuple):
    """The immutable facts of a batch. Vintage bounds and closing time in Unix seconds."""

    source: bytes
    """Short ASCII padded with zeros on the right, 32 bytes."""
    vintage_start: int
    vintage_end: int
    verifier: bytes
    level: int
    country: bytes
    closes_at: int
    buffer_bps: int

    @property
    def batch_id(self) -> bytes:
        """The batch's name on chain: the hash of all its terms."""
        return abi_hash([_BATCH_TERMS], [self])


class Issuance(NamedTuple):
    """One issuance into a batch: what the verifier signs and the issuer submits."""

    batch_id: bytes
    position: int
    """The issuance's index in its batch, from 0, without gaps."""
    records_root: bytes
    recipients: tuple[bytes, ...]
    kg: tuple[int, ...]
    credit_ids: tuple[int, ...]
    buffer_kg: int
    deadline: int


class Permit(NamedTuple):
    """An ERC-2612 allowance by signature."""

    owner: bytes
    spender: bytes
    value: int
    nonce: int
    deadline: int


class Transfer(NamedTuple):
    """An ERC-3009 transfer by signature."""

    sender: bytes
    recipient: bytes
    kg: int
    valid_after: int
    valid_before: int
    nonce: bytes


def order_digest(domain: Domain, order: Order) -> bytes:
    """What an order's maker signs."""
    return _digest(domain, _ORDER, order)


def retire_digest(domain: Domain, holder: bytes, retirement: Retirement, valid_after: int, valid_before: int) -> bytes:
    """What a holder signs to have credits retired between two Unix seconds."""
    *facts, nonce = retirement
    return _digest(domain, _RETIRE, (holder, *facts, valid_after, valid_before, nonce))


def transfer_digest(domain: Domain, transfer: Transfer) -> bytes:
    """What a holder signs to have credits moved."""
    return _digest(domain, _TRANSFER, transfer)


def issuance_digest(domain: Domain, issuance: Issuance) -> bytes:
    """What a verifier signs to let exactly these credits be issued."""
    return _digest(domain, _ISSUANCE, issuance)


def permit_digest(domain: Domain, permit: Permit) -> bytes:
    """What an owner signs to give an allowance."""
    return _digest(domain, _PERMIT, permit)


def order_ref(maker: bytes, salt: bytes) -> bytes:
    """An order's name on chain."""
    return abi_hash(["address", "bytes32"], [maker, salt])


def authorization_ref(author: bytes, nonce: bytes) -> bytes:
    """The name of what an authorisation did: a retirement, a transfer."""
    return keccak(_address_word(author) + nonce)


def credit_ref(credit_id: str) -> bytes:
    """The name of a credit's issuance."""
    return keccak(text=credit_id)


def approval_ref(token: bytes, owner: bytes, spender: bytes) -> bytes:
    """The name of an allowance."""
    return keccak(b"".join(_address_word(each) for each in (token, owner, spender)))


def _address_word(address: bytes) -> bytes:
    """An address as abi.encode writes it. Refs are worked out for every event that tells that something was done."""
    return address.rjust(32, b"\0")


_BATCH_TERMS = "(bytes32,uint64,uint64,address,uint8,bytes2,uint64,uint16)"
_DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_ORDER = (
    "Order(address maker,uint8 side,uint128 kg,uint128 pricePerKg,uint128 minFillKg,address filler,"
    "uint64 expiry,uint256 counter,bytes32 salt,uint16 maxFeeBps)"
)
_RETIRE = (
    "RetireWithAuthorization(address holder,uint256 kg,bytes32[] batchIds,uint64 earliestVintage,"
    "bytes32 commitment,uint16 reason,uint32 period,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
_TRANSFER = (
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,"
    "bytes32 nonce)"
)
_ISSUANCE = (
    "Issuance(bytes32 batchId,uint256 index,bytes32 recordsRoot,address[] recipients,uint256[] kg,"
    "uint256[] creditIds,uint256 bufferKg,uint256 deadline)"
)
_PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"


def _digest(domain: Domain, type_string: str, values: Sequence[Any]) -> bytes:
    return keccak(b"\x19\x01" + domain.separator + _hash_struct(type_string, values))


@cache
def _separator(domain: Domain) -> bytes:
    return _hash_struct(_DOMAIN, (domain.name, VERSION, domain.chain_id, domain.contract))


@cache
def _member_types(type_string: str) -> tuple[str, ...]:
    members = type_string.partition("(")[2].rstrip(")").split(",")
    return tuple(member.split(" ")[0] for member in members)


@cache
def _type_hash(type_string: str) -> bytes:
    return keccak(text=type_string)


def _hash_struct(type_string: str, values: Sequence[Any]) -> bytes:
    """EIP-712's hashStruct, for structs of atomic members, strings and arrays of atomic members."""
    kinds = _member_types(type_string)
    words = [_word(kind, value) for kind, value in zip(kinds, values, strict=True)]
    return keccak(_type_hash(type_string) + b"".join(words))


def _word(kind: str, value: Any) -> bytes:
    if kind.endswith("[]"):
        return keccak(encoding_of([kind.removesuffix("[]")] * len(value), value))
    if kind == "string":
        return keccak(text=value)
    return encoding_of([kind], [value])
