"""Reads the contracts' state at one block by web3.py, with an encoder that is not ours: the proof of the mirror."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract import AsyncContract
from web3.types import RPCEndpoint, RPCResponse

from ledger.chain.abi import ContractName, artifact
from ledger.chain.network import Contracts
from ledger.kernel.errors import BlockchainUnavailable

CALLS_AT_ONCE = 200
METHOD_NOT_FOUND = -32601


class BlockUnknown(BlockchainUnavailable):
    """The chain has no such block, or no longer the state at it."""


class NotOffered(BlockchainUnavailable):
    """The node does not know the method."""


@dataclass(frozen=True, slots=True)
class ChainLog:
    """An event as the node keeps it."""

    block_number: int
    log_index: int
    address: bytes
    topics: tuple[bytes, ...]
    data: str
    transaction_hash: bytes


@dataclass(frozen=True, slots=True)
class ChainHeader:
    """A block's header, as far as a check needs it."""

    hash: bytes
    parent_hash: bytes
    bloom: bytes
    """2048 bits: three are set for each address and topic of the block's events."""


class ChainReader:
    """Our contracts as the node at `url` has them. Use it as a context."""

    def __init__(self, url: str, contracts: Contracts) -> None:
        self._provider = AsyncHTTPProvider(url)
        self._web3: AsyncWeb3[AsyncHTTPProvider] = AsyncWeb3(self._provider)
        self.contracts = contracts
        self._bound: dict[ContractName, AsyncContract] = {
            name: self._web3.eth.contract(address=to_checksum_address(address), abi=artifact(name)["abi"])
            for name, address in contracts.named().items()
        }
        self._receipts_by_block = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._provider.disconnect()

    async def hash_at(self, block_number: int) -> bytes | None:
        """The hash of the block at this height; None where the chain is shorter."""
        (block,) = await self._ask([("eth_getBlockByNumber", [hex(block_number), False])])
        return None if block is None else bytes(HexBytes(block["hash"]))

    async def call(self, contract: ContractName, function: str, *arguments: Any, at: bytes) -> Any:
        """What the function answered at the block with this hash."""
        (answer,) = await self.calls(contract, function, [arguments], at=at)
        return answer

    async def calls(
        self, contract: ContractName, function: str, arguments: Sequence[Sequence[Any]], *, at: bytes
    ) -> list[Any]:
        """What the function answered to each list of arguments, all at the block with this hash (EIP-1898).

        Raises:
            BlockUnknown: the block is not on the chain, or too old to be asked about.
        """
        bound = self._bound[contract]
        block = {"blockHash": "0x" + at.hex(), "requireCanonical": True}
        requests = [
            ("eth_call", [{"to": bound.address, "data": bound.encode_abi(function, list(each))}, block])
            for each in arguments
        ]
        types = _output_types(contract, function)
        values = [self._web3.codec.decode(types, HexBytes(answer)) for answer in await self._ask(requests)]
        return [each[0] if len(each) == 1 else each for each in values]

    async def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[ChainLog]:
        """What these contracts emitted between two blocks, both included.

        Raises:
            BlockUnknown: the node refuses, for instance because that is too much at once.
        """
        asked = {"address": ["0x" + each.hex() for each in addresses], "fromBlock": hex(first), "toBlock": hex(last)}
        (logs,) = await self._ask([("eth_getLogs", [asked])])
        return [_log(each) for each in logs]

    async def headers(self, numbers: Sequence[int]) -> list[ChainHeader | None]:
        """The headers at these heights; None where the chain is shorter."""
        blocks = await self._ask([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return [
            None
            if block is None
            else ChainHeader(_bytes(block["hash"]), _bytes(block["parentHash"]), _bytes(block["logsBloom"]))
            for block in blocks
        ]

    async def receipt_logs(self, number: int) -> list[ChainLog]:
        """All events in the receipts of a block: what `eth_getLogs` must have found, read from elsewhere."""
        if self._receipts_by_block:
            try:
                (receipts,) = await self._ask([("eth_getBlockReceipts", [hex(number)])])
            except NotOffered:
                self._receipts_by_block = False
        if not self._receipts_by_block:
            (block,) = await self._ask([("eth_getBlockByNumber", [hex(number), False])])
            receipts = await self._ask([("eth_getTransactionReceipt", [each]) for each in block["transactions"]])
        return [_log(each) for receipt in receipts or [] for each in receipt["logs"]]

    def decoded(self, event: Mapping[str, Any], log: ChainLog) -> dict[str, Any]:
        """The arguments of an event, by its entry in the ABI; structs by their members' names, addresses as bytes."""
        indexed = [each for each in event["inputs"] if each["indexed"]]
        rest = [each for each in event["inputs"] if not each["indexed"]]
        values = [
            self._web3.codec.decode([each["type"]], topic)[0]
            for each, topic in zip(indexed, log.topics[1:], strict=True)
        ]
        values += self._web3.codec.decode([_type(each) for each in rest], HexBytes(log.data))
        return {each["name"]: _named(each, value) for each, value in zip([*indexed, *rest], values, strict=True)}

    async def _ask(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        results: list[Any] = []
        for start in range(0, len(requests), CALLS_AT_ONCE):
            some = [(RPCEndpoint(method), parameters) for method, parameters in requests[start : start + CALLS_AT_ONCE]]
            try:
                answers = await self._provider.make_batch_request(some)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise BlockchainUnavailable(f"The blockchain node does not answer ({error}); is it running?") from error
            results.extend(_result(answer) for answer in (answers if isinstance(answers, list) else [answers]))
        return results


def _output_types(contract: ContractName, function: str) -> list[str]:
    (entry,) = [each for each in artifact(contract)["abi"] if each.get("name") == function]
    return [_type(output) for output in entry["outputs"]]


def _type(part: dict[str, Any]) -> str:
    """A parameter's type as eth-abi takes it, a struct as the tuple of its members."""
    kind: str = part["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(each) for each in part['components'])}){kind.removeprefix('tuple')}"


def _named(part: Mapping[str, Any], value: Any) -> Any:
    """A decoded value, with names for a struct's members and bytes for an address."""
    if part["type"] == "tuple":
        members = zip(part["components"], value, strict=True)
        return {member["name"]: _named(member, each) for member, each in members}
    if part["type"].endswith("]"):
        return [_named({**part, "type": part["type"][: part["type"].rindex("[")]}, each) for each in value]
    return _bytes(value) if part["type"] == "address" else value


def _log(log: Mapping[str, Any]) -> ChainLog:
    return ChainLog(
        int(log["blockNumber"], 16),
        int(log["logIndex"], 16),
        _bytes(log["address"]),
        tuple(_bytes(topic) for topic in log["topics"]),
        log["data"],
        _bytes(log["transactionHash"]),
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _result(answer: RPCResponse) -> Any:
    if "error" in answer:
        error: Any = answer["error"]
        if isinstance(error, dict) and error.get("code") == METHOD_NOT_FOUND:
            raise NotOffered(f"The node does not offer this: {error}.")
        raise BlockUnknown(f"The node cannot answer for this block: {answer['error']}. Its state may be pruned.")
    return answer["result"]
