"""A development chain of a benchmark's own: real transactions, one to a block, and what each of them cost."""

import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import Rpc, codec, decode_error
from ledger.chain.abi import SELECTOR_BYTES, abi_type, encode
from ledger.chain.rpc import RpcError, to_bytes, to_hex, to_int

GAS_LIMIT = 16_000_000
"""What no call of ours may need more of, in gas. Networks with EIP-7825 take no transaction above 2^24."""

GAS_MONEY_WEI = 10**24
NEVER_BY_ITSELF_SECONDS = 10**6
SENT_AT_ONCE = 50
"""Transactions in a batch of calls: more at once are not taken any faster."""


class Reverted(Exception):
    """A transaction of a benchmark failed, so that its gas says nothing."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction to send: who sends it, to which contract (none creates one), and its calldata."""

    sender: bytes
    to: bytes | None
    data: bytes
    gas: int = GAS_LIMIT
    """The most that it may use. A block takes as many transactions as their limits leave room for."""


@dataclass(frozen=True, slots=True)
class Mined:
    """What a transaction cost, and what it left behind."""

    gas: int
    """All that its sender pays for: the fixed part, calldata, execution, less the refund."""
    events: int
    contract: bytes
    """The contract that it created; empty if none."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract on the chain, called by the names in its ABI."""

    address: bytes
    abi: Sequence[Mapping[str, Any]]

    def data(self, name: str, *arguments: Any) -> bytes:
        """Calldata. `name` is a signature where the name is overloaded."""
        entry = self._function(name)
        return keccak(text=_signature(entry))[:SELECTOR_BYTES] + encode(entry["inputs"], arguments)

    def result(self, name: str, answer: bytes) -> tuple[Any, ...]:
        """What a call answered."""
        return codec.decode([abi_type(part) for part in self._function(name)["outputs"]], answer)

    def _function(self, name: str) -> Mapping[str, Any]:
        found = [
            entry for entry in self.abi if entry["type"] == "function" and name in {entry["name"], _signature(entry)}
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} functions are called {name}")
        return found[0]


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(abi_type(part) for part in entry['inputs'])})"


class Chain:
    """A node whose blocks are mined on demand. Whoever is named as a sender pays gas and needs no key."""

    def __init__(self, rpc: Rpc, chain_id: int, hardfork: str) -> None:
        self.rpc = rpc
        self.chain_id = chain_id
        self.hardfork = hardfork
        """The rules that the node charges gas by, as it names them."""

    async def send(self, sender: bytes, to: bytes | None, data: bytes) -> Mined:
        """Has one transaction mined in a block of its own.

        Raises:
            Reverted: it failed.
        """
        return await self.send_one(Sent(sender, to, data))

    async def send_one(self, transaction: Sent) -> Mined:
        """As `send`, for a transaction that was made before."""
        return (await self.send_all([transaction]))[0]

    async def send_all(self, transactions: Sequence[Sent]) -> list[Mined]:
        """Has several transactions mined, for what must stand before something is measured.

        Raises:
            Reverted: one of them failed.
        """
        await self.give_gas_money({each.sender for each in transactions})
        hashes = [await self.rpc.call("eth_sendTransaction", _fields(each)) for each in transactions]
        while to_int((await self.rpc.call("txpool_status"))["pending"]):
            await self.rpc.call("evm_mine")
        receipts = await self.rpc.batch([("eth_getTransactionReceipt", (each,)) for each in hashes])
        for transaction, receipt in zip(transactions, receipts, strict=True):
            if not to_int(receipt["status"]):
                raise Reverted(await self._reason(transaction))
        return [
            Mined(to_int(each["gasUsed"]), len(each["logs"]), to_bytes(each["contractAddress"] or "0x"))
            for each in receipts
        ]

    async def give_gas_money(self, senders: Iterable[bytes]) -> None:
        """Lets each of them pay for as much gas as they like."""
        await self.rpc.batch([("anvil_setBalance", (to_hex(sender), hex(GAS_MONEY_WEI))) for sender in senders])

    async def mine(self, transactions: Sequence[Sent]) -> None:
        """Has many transactions mined in one block, as fast as the node takes them. Nobody looks whether they failed.

        Their senders have gas money, and their limits together leave room in the block.
        """
        for start in range(0, len(transactions), SENT_AT_ONCE):
            some = transactions[start : start + SENT_AT_ONCE]
            await self.rpc.batch([("eth_sendTransaction", (_fields(each),)) for each in some])
        await self.rpc.call("evm_mine")

    async def create(self, sender: bytes, artifact: Mapping[str, Any], *arguments: Any) -> Contract:
        """Deploys what a compile gave, with `abi` and `bytecode`."""
        inputs = next((entry["inputs"] for entry in artifact["abi"] if entry["type"] == "constructor"), ())
        mined = await self.send(sender, None, to_bytes(artifact["bytecode"]) + encode(inputs, arguments))
        return Contract(mined.contract, artifact["abi"])

    async def read(self, contract: Contract, name: str, *arguments: Any) -> Any:
        """What a view answers now: its first value."""
        return (await self.read_all(contract, name, *arguments))[0]

    async def read_all(self, contract: Contract, name: str, *arguments: Any) -> tuple[Any, ...]:
        """What a view answers now: all its values."""
        call = {"to": to_hex(contract.address), "data": to_hex(contract.data(name, *arguments))}
        return contract.result(name, to_bytes(await self.rpc.call("eth_call", call, "latest")))

    async def _reason(self, transaction: Sent) -> str:
        """Why a transaction failed: what the same call answers now."""
        try:
            await self.rpc.call("eth_call", _fields(transaction), "latest")
        except RpcError as error:
            return str(decode_error(to_bytes(error.data or "0x")))
        return "it failed, and would succeed now"


def _fields(transaction: Sent) -> dict[str, str]:
    fields = {
        "from": to_hex(transaction.sender),
        "data": to_hex(transaction.data),
        "gas": hex(transaction.gas),
    }
    return fields if transaction.to is None else {**fields, "to": to_hex(transaction.to)}


@asynccontextmanager
async def running_chain() -> AsyncIterator[Chain]:
    """A node from its genesis block, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="ccm-gas-") as folder:
        node = EmbeddedAnvil(Path(folder), block_seconds=NEVER_BY_ITSELF_SECONDS, saved=False)
        async with node, Rpc(node.url) as rpc:
            await rpc.call("anvil_autoImpersonateAccount", True)
            information = await rpc.call("anvil_nodeInfo")
            yield Chain(rpc, information["environment"]["chainId"], information["hardFork"])
