"""Transactions of our own senders (EIP-1559), signed here and never by a node."""

from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]  # it carries no types
from eth_utils.crypto import keccak

from ledger.chain.custody import Signer
from ledger.chain.rpc import Rpc, to_int

DYNAMIC_FEE = b"\x02"
GWEI = 10**9
LEAST_CEILING_WEI = 10 * GWEI  # what is signed may be sent again later, on a chain whose fees have risen meanwhile
REPLACEMENT_PERCENT = 125  # nodes ask for at least 110


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction does: a contract, its calldata, and the gas it may use. Without a contract it creates one."""

    to: bytes
    data: bytes
    gas_limit: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction pays per gas, in wei: the ceiling of everything, and the tip within it."""

    ceiling_wei: int
    tip_wei: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction as it is sent, and its hash."""

    raw: bytes
    hash: bytes


async def current_fees(rpc: Rpc) -> Fees:
    """A tip as the node suggests it, and a ceiling that outlasts a doubling of the base fee."""
    block, tip = await rpc.batch([("eth_getBlockByNumber", ("latest", False)), ("eth_maxPriorityFeePerGas", ())])
    tip_wei = to_int(tip)
    return Fees(max(2 * to_int(block["baseFeePerGas"]) + tip_wei, LEAST_CEILING_WEI), tip_wei)


def sign_call(signer: Signer, chain_id: int, nonce: int, call: Call, fees: Fees) -> Signed:
    """Signs a transaction that carries no money."""
    fields = [chain_id, nonce, fees.tip_wei, fees.ceiling_wei, call.gas_limit, call.to, 0, call.data, []]
    return _sign(signer, fields)


def sign_replacement(signer: Signer, raw: bytes, fees: Fees) -> Signed:
    """Signs the same transaction again, at fees not below `fees` that a node accepts in place of the first one's."""
    fields = rlp.decode(raw[1:])[:-3]
    for position, wanted in ((2, fees.tip_wei), (3, fees.ceiling_wei)):
        raised_up = -(-int.from_bytes(fields[position]) * REPLACEMENT_PERCENT // 100)
        fields[position] = max(raised_up, wanted)
    return _sign(signer, fields)


def created_address(sender: bytes, nonce: int) -> bytes:
    """Where a contract stands that `sender` creates with this nonce."""
    return keccak(rlp.encode([sender, nonce]))[-20:]


def _sign(signer: Signer, fields: list[Any]) -> Signed:
    signature = signer.sign(keccak(DYNAMIC_FEE + rlp.encode(fields)))
    parts = [signature[64] - 27, int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])]
    raw = DYNAMIC_FEE + rlp.encode([*fields, *parts])
    return Signed(raw, keccak(raw))
