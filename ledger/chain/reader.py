"""Reads the contracts' state at one block by web3.py, with an encoder that is not ours: the proof of the mirror."""

from collections.abc import Sequence
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


class BlockUnknown(BlockchainUnavailable):
    """The chain has no such block, or no longer the state at it."""


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

    async def events(self, contract: ContractName, name: str, first: int, last: int) -> list[Any]:
        """The events of one name between two blocks, both included, as web3.py decodes them."""
        found: list[Any] = await self._bound[contract].events[name].get_logs(from_block=first, to_block=last)
        return found

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


def _result(answer: RPCResponse) -> Any:
    if "error" in answer:
        raise BlockUnknown(f"The node cannot answer for this block: {answer['error']}. Its state may be pruned.")
    return answer["result"]
