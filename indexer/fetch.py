"""Reads ranges of blocks and their events, and believes an answer only when all of it belongs to one chain."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from indexer.decode import EventSlicer
from indexer.errors import InconsistentAnswer
from indexer.wire import Header, Log
from ledger.chain.abi import events
from ledger.chain.chunk import Block, Chunk, Event
from ledger.chain.network import Contracts
from ledger.chain.rpc import Rpc, to_bytes, to_hex, to_int

Slicers = Mapping[bytes, Mapping[bytes, EventSlicer]]
"""By contract, by the event's topic."""


class Fetcher:
    """Asks one endpoint for one chain's blocks and our contracts' events."""

    def __init__(self, rpc: Rpc, chain_id: int, contracts: Contracts) -> None:
        self._rpc = rpc
        self._chain_id = chain_id
        self._contracts = contracts
        self._slicers: Slicers = {
            address: {entry.hash: EventSlicer(entry) for entry in events(name)}
            for name, address in contracts.named().items()
        }
        self._addresses = [to_hex(address) for address in self._slicers]

    async def chain_id(self) -> int:
        """The chain that the endpoint serves."""
        return to_int(await self._rpc.call("eth_chainId"))

    async def head(self) -> Block:
        """The newest block."""
        return _block(await self._rpc.call("eth_getBlockByNumber", "latest", False), "latest")

    async def block(self, number: int) -> Block:
        """The block at this height."""
        return _block(await self._rpc.call("eth_getBlockByNumber", hex(number), False), number)

    async def blocks(self, numbers: Sequence[int]) -> list[Block | None]:
        """The blocks at these heights; None where the endpoint has none."""
        headers = await self._rpc.batch([("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
        return [
            None if header is None else _block(header, number) for number, header in zip(numbers, headers, strict=True)
        ]

    async def chunk(self, first: int, last: int) -> Chunk:
        """The blocks from `first` to `last` and our events in them.

        That there are no events is believed only of an endpoint that shows the last block before and after it is asked
        for them, and all these blocks, each the parent of the next: a reorg in between shows in the last one's hash.

        Raises:
            InconsistentAnswer: the answers do not fit together; ask again.
        """
        log_filter = {"address": self._addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        numbers = range(first, last + 1)
        shown = await self.block(last)
        logs, *headers = await self._rpc.batch(
            [("eth_getLogs", (log_filter,)), *(("eth_getBlockByNumber", (hex(number), False)) for number in numbers)]
        )
        blocks = [_block(header, number) for number, header in zip(numbers, headers, strict=True)]
        for parent, child in pairwise(blocks):
            if child.parent_hash != parent.hash:
                raise InconsistentAnswer("The chain changed while it was read.", block=child.number)
        if blocks[-1].hash != shown.hash:
            raise InconsistentAnswer("The chain changed while it was read.", block=last)
        decoded = self._events(msgspec.convert(logs, list[Log]), {block.number: block for block in blocks})
        return Chunk(self._chain_id, self._contracts, first, last, blocks, decoded)

    def _events(self, logs: Sequence[Log], blocks: Mapping[int, Block]) -> list[Event]:
        decoded = []
        for log in logs:
            if log.removed:
                continue
            block = blocks.get(to_int(log.block_number))
            if block is None or block.hash != to_bytes(log.block_hash):
                raise InconsistentAnswer("An event belongs to a block that is not there.", block=log.block_number)
            event = self._event(log, block)
            if event is not None:
                decoded.append(event)
        decoded.sort(key=lambda event: (event.block_number, event.log_index))
        return decoded

    def _event(self, log: Log, block: Block) -> Event | None:
        """The log decoded; None for what is no event of the contract's ABI."""
        address, topics = to_bytes(log.address), [to_bytes(topic) for topic in log.topics]
        slicer = self._slicers.get(address, {}).get(topics[0]) if topics else None
        if slicer is None:
            return None
        return Event(
            name=slicer.name,
            contract=address,
            block_number=block.number,
            log_index=to_int(log.log_index),
            block_time=block.time,
            transaction_hash=to_bytes(log.transaction_hash),
            arguments=slicer.arguments(topics, to_bytes(log.data)),
        )


def _block(header: Any, wanted: int | str) -> Block:
    if header is None:
        raise InconsistentAnswer("The endpoint does not have a block that it should have.", block=wanted)
    block = msgspec.convert(header, Header).block()
    if isinstance(wanted, int) and block.number != wanted:
        raise InconsistentAnswer("The endpoint answered with another block.", block=wanted, answered=block.number)
    return block
