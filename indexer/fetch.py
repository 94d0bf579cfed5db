"""Reads ranges of blocks and their events, and believes an answer only when all of it belongs to one chain."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, pairwise
from operator import attrgetter

import msgspec

from indexer.decode import EventReader
from indexer.endpoints import Endpoint, Endpoints
from indexer.errors import InconsistentAnswer, WrongChain
from indexer.wire import Header, Log
from ledger.chain.chunk import Block, Chunk, Event
from ledger.chain.network import Contracts
from ledger.chain.rpc import Call, to_bytes, to_hex, to_int
from ledger.kernel.finality import FinalityTag

_HEADER: msgspec.json.Decoder[Header | None] = msgspec.json.Decoder(Header | None)
_LOGS = msgspec.json.Decoder(list[Log])
_TEXT = msgspec.json.Decoder(str)

_block_of = attrgetter("block_number", "block_hash", "block_timestamp")
_position = attrgetter("block_number", "log_index")


class Source:
    """One chain's blocks and our contracts' events, as its endpoints tell them.

    It keeps nothing but what the endpoints have taught: another one over the same `Endpoints` is cheap to make.
    """

    def __init__(self, endpoints: Endpoints, chain_id: int, contracts: Contracts) -> None:
        self._endpoints = endpoints
        self._chain_id = chain_id
        self._contracts = contracts
        self._reader = EventReader(contracts)
        self._addresses = [to_hex(address) for address in contracts.named().values()]

    async def check(self, genesis_hash: bytes) -> None:
        """Makes sure that this chain is the one that is served.

        Raises:
            WrongChain: it is another one, by its chain id or its genesis block.
        """

        async def identity(endpoint: Endpoint) -> tuple[int, Block]:
            chain_id, genesis = await endpoint.ask([("eth_chainId", ()), _header_call(0)])
            return to_int(_TEXT.decode(chain_id)), _block(genesis, 0)

        served, genesis = await self._endpoints.ask(identity)
        if served != self._chain_id or genesis.hash != genesis_hash:
            raise WrongChain(
                f"The endpoint serves another chain than the one that is mirrored here (chain id {served}, genesis "
                f"0x{genesis.hash.hex()}). Point BLOCKCHAIN_RPC at chain {self._chain_id} with genesis "
                f"0x{genesis_hash.hex()}, or start with an empty database.",
                chainId=self._chain_id,
                served=served,
            )

    async def head(self, mirrored: int = 0) -> Block:
        """The newest block.

        `mirrored` is the height that the mirror shows: a lower head is the sign of a node that is behind, and is
        answered only where it lasts.
        """
        del mirrored
        return await self._tagged("latest")

    async def finalized(self, tag: FinalityTag) -> Block:
        """The newest block that the chain calls safe, or final."""
        return await self._tagged(tag)

    async def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """The blocks at these heights, none of which lies above the head.

        Raises:
            InconsistentAnswer: one is not there: the endpoint is behind.
        """
        headers = await self._endpoints.ask(lambda endpoint: endpoint.ask([_header_call(each) for each in numbers]))
        return [_block(header, number) for number, header in zip(numbers, headers, strict=True)]

    async def chunk(self, first: int, at_most: int, *, window_from: int) -> Chunk:
        """The blocks from `first` to `at_most`, or to one below it where that is too much to ask, and our events.

        The chunk's `blocks` are the first, the last, and each from `window_from` on, whose parents are checked. That
        there are no events is believed only of an endpoint that shows the last block, as it was shown before, in the
        same batch.

        Raises:
            InconsistentAnswer: the answers do not fit together; ask again.
        """
        return await self._endpoints.ask(lambda endpoint: self._read(endpoint, first, at_most, window_from))

    async def _read(self, endpoint: Endpoint, first: int, last: int, window_from: int) -> Chunk:
        log_filter = {"address": self._addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        numbers = sorted({first, last, *range(max(first, window_from), last + 1)})
        (before,) = await endpoint.ask([_header_call(last)])
        logs, *headers = await endpoint.ask(
            [("eth_getLogs", (log_filter,)), *(_header_call(number) for number in numbers)]
        )
        blocks = [_block(header, number) for number, header in zip(numbers, headers, strict=True)]
        for parent, child in pairwise(blocks):
            if child.number == parent.number + 1 and child.parent_hash != parent.hash:
                raise InconsistentAnswer("The chain changed while it was read.", block=child.number)
        if blocks[-1].hash != _block(before, last).hash:
            raise InconsistentAnswer("The chain changed while it was read.", block=last)
        kept = [log for log in _LOGS.decode(logs) if not log.removed]
        shown = {block.number: block for block in blocks}
        shown |= await self._lacking(endpoint, kept, shown)
        return Chunk(
            self._chain_id, self._contracts, first, last, blocks, self._events(kept, shown, range(first, last + 1))
        )

    async def _lacking(self, endpoint: Endpoint, logs: Sequence[Log], shown: Mapping[int, Block]) -> dict[int, Block]:
        """The blocks of the logs that do not say their time, as far as they were not shown."""
        timeless = {to_int(log.block_number) for log in logs if log.block_timestamp is None}
        numbers = sorted(timeless - shown.keys())
        if not numbers:
            return {}
        headers = await endpoint.ask([_header_call(number) for number in numbers])
        return {number: _block(header, number) for number, header in zip(numbers, headers, strict=True)}

    def _events(self, logs: Sequence[Log], shown: Mapping[int, Block], numbers: range) -> list[Event]:
        """The logs decoded, in the chain's order. What they say of their block is looked at once a block."""
        decoded = []
        for (number_text, hash_text, _), of_block in groupby(logs, key=_block_of):
            number = to_int(number_text)
            block = shown.get(number)
            if number not in numbers or (block is not None and block.hash != to_bytes(hash_text)):
                raise InconsistentAnswer("An event belongs to a block that is not there.", block=number)
            first, *others = of_block
            time = _time(first) if block is None else block.time
            decoded += [self._reader.event(log, number, time) for log in (first, *others)]
        events = [event for event in decoded if event is not None]
        events.sort(key=_position)
        return events

    async def _tagged(self, tag: str) -> Block:
        (header,) = await self._endpoints.ask(lambda endpoint: endpoint.ask([("eth_getBlockByNumber", (tag, False))]))
        return _block(header, tag)


def _header_call(number: int) -> Call:
    return "eth_getBlockByNumber", (hex(number), False)


def _time(log: Log) -> datetime:
    if log.block_timestamp is None:
        raise AssertionError("the header of a log without a time was asked for")
    return datetime.fromtimestamp(to_int(log.block_timestamp), UTC)


def _block(answer: msgspec.Raw, wanted: int | str) -> Block:
    header = _HEADER.decode(answer)
    if header is None:
        raise InconsistentAnswer("The endpoint does not have a block that it should have.", block=wanted)
    block = header.block()
    if isinstance(wanted, int) and block.number != wanted:
        raise InconsistentAnswer("The endpoint answered with another block.", block=wanted, answered=block.number)
    return block
