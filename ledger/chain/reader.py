"""What the chain says of itself, read with web3.py: independent of the encoding that everything else here uses.

For proving that the mirror equals the chain. Never imported by the façade: it is slow to load and slow to read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract import AsyncContract
from web3.types import BlockIdentifier

from ledger.chain.abi import ContractName, artifact
from ledger.chain.network import Contracts
from ledger.kernel.errors import BlockchainUnavailable

AT_ONCE = 16
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class BlockRef:
    """One block, by number and hash."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class BatchOnChain:
    """Where a batch's kilograms are."""

    issued_kg: int
    circulating_kg: int
    buffered_kg: int
    retired_kg: int
    next_index: int


@dataclass(frozen=True, slots=True)
class OrderOnChain:
    """What the market knows of an order."""

    filled_kg: int
    placed: bool
    cancelled: bool


@dataclass(frozen=True, slots=True)
class EventOnChain:
    """An event as web3.py decodes it."""

    name: str
    contract: bytes
    block_number: int
    log_index: int
    transaction_hash: bytes
    arguments: dict[str, Any]


class ChainReader:
    """Reads our contracts at given blocks. Close it, or use it as a context."""

    def __init__(self, url: str, contracts: Contracts) -> None:
        self._web3: AsyncWeb3[AsyncHTTPProvider] = AsyncWeb3(AsyncHTTPProvider(url))
        self._contracts: dict[ContractName, AsyncContract] = {
            name: self._web3.eth.contract(address=self._web3.to_checksum_address(address), abi=artifact(name)["abi"])
            for name, address in contracts.named().items()
        }
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._web3.provider.disconnect()

    async def block(self, at: BlockIdentifier = "latest") -> BlockRef:
        """A block by number, or the newest.

        Raises:
            BlockchainUnavailable: the chain has no such block.
        """
        found = await self._web3.eth.get_block(at)
        if "number" not in found or "hash" not in found:
            raise BlockchainUnavailable(f"The node does not tell its block {at!r}; try again shortly.")
        return BlockRef(found["number"], bytes(found["hash"]))

    async def is_still_there(self, block: BlockRef) -> bool:
        """Whether no reorg took the block while it was read."""
        return await self.block(block.number) == block

    async def credit_balances(self, holders: Iterable[bytes], block: BlockRef) -> dict[bytes, int]:
        """Credits of each holder, in kg."""
        return await self._balances("CarbonCredit", holders, block)

    async def dollar_balances(self, holders: Iterable[bytes], block: BlockRef) -> dict[bytes, int]:
        """Test dollars of each holder, in millionths."""
        return await self._balances("TestDollar", holders, block)

    async def credit_supply(self, block: BlockRef) -> int:
        """All credits that exist, the buffer included, in kg."""
        return int(await self._read("CarbonCredit", "totalSupply", block))

    async def dollar_supply(self, block: BlockRef) -> int:
        """All test dollars, in millionths."""
        return int(await self._read("TestDollar", "totalSupply", block))

    async def batches(self, batch_ids: Iterable[bytes], block: BlockRef) -> dict[bytes, BatchOnChain]:
        """Each batch's kilograms."""

        async def read(batch_id: bytes) -> BatchOnChain:
            issued_kg, circulating_kg, buffered_kg, retired_kg = await self._read(
                "CarbonCredit", "batchKg", block, batch_id
            )
            next_index = await self._read("CarbonCredit", "nextIndex", block, batch_id)
            return BatchOnChain(issued_kg, circulating_kg, buffered_kg, retired_kg, next_index)

        return await self._each(batch_ids, read)

    async def eligible(self, at_most: int, block: BlockRef) -> list[tuple[bytes, int]]:
        """The batches that a retirement draws from next, in that order, each with its circulating kg."""
        batch_ids, circulating_kg = await self._read("CarbonCredit", "nextEligible", block, at_most)
        return list(zip((bytes(batch_id) for batch_id in batch_ids), circulating_kg, strict=True))

    async def orders(self, refs: Iterable[bytes], block: BlockRef) -> dict[bytes, OrderOnChain]:
        """What the market knows of each order."""

        async def read(ref: bytes) -> OrderOnChain:
            _, filled_kg, placed, cancelled = await self._read("CarbonMarket", "orderState", block, ref)
            return OrderOnChain(filled_kg, placed, cancelled)

        return await self._each(refs, read)

    async def counters(self, makers: Iterable[bytes], block: BlockRef) -> dict[bytes, int]:
        """The counter that each maker's orders must carry."""

        async def read(maker: bytes) -> int:
            return int(await self._read("CarbonMarket", "counterOf", block, self._web3.to_checksum_address(maker)))

        return await self._each(makers, read)

    async def used_authorizations(
        self, keys: Iterable[tuple[bytes, bytes]], block: BlockRef
    ) -> dict[tuple[bytes, bytes], bool]:
        """Whether each (authorizer, nonce) was used."""

        async def read(key: tuple[bytes, bytes]) -> bool:
            author = self._web3.to_checksum_address(key[0])
            return bool(await self._read("CarbonCredit", "authorizationState", block, author, key[1]))

        return await self._each(keys, read)

    async def events(
        self, contract: ContractName, name: str, first_block: int, last_block: int
    ) -> Sequence[EventOnChain]:
        """The contract's events of this name in these blocks, both included, in the chain's order."""
        found = await self._contracts[contract].events[name].get_logs(from_block=first_block, to_block=last_block)
        return [
            EventOnChain(
                name=name,
                contract=bytes.fromhex(log["address"][2:]),
                block_number=log["blockNumber"],
                log_index=log["logIndex"],
                transaction_hash=bytes(log["transactionHash"]),
                arguments=dict(log["args"]),
            )
            for log in found
        ]

    async def _balances(self, token: ContractName, holders: Iterable[bytes], block: BlockRef) -> dict[bytes, int]:
        async def read(holder: bytes) -> int:
            return int(await self._read(token, "balanceOf", block, self._web3.to_checksum_address(holder)))

        return await self._each(holders, read)

    async def _read(self, contract: ContractName, function: str, block: BlockRef, *arguments: Any) -> Any:
        async with self._slots:
            call = self._contracts[contract].functions[function](*arguments)
            return await call.call(block_identifier=block.number)

    async def _each(self, keys: Iterable[Key], read: Callable[[Key], Awaitable[Value]]) -> dict[Key, Value]:
        listed = list(dict.fromkeys(keys))
        return dict(zip(listed, await asyncio.gather(*(read(key) for key in listed)), strict=True))
