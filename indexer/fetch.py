"""Reads ranges of blocks and their events, and believes an answer only when all of it belongs to one chain."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, pairwise
from operator import attrgetter, lt

from indexer import answers
from indexer.bloom import Watch, from_hex, is_telling
from indexer.decode import EventReader
from indexer.endpoints import Endpoint, Endpoints
from indexer.endpoints.endpoint import CUT_OFF, TIMEOUT
from indexer.endpoints.errors import EndpointFailed, EndpointRefused
from indexer.endpoints.refusals import Kind
from indexer.errors import InconsistentAnswer
from indexer.wire import Header, Log
from ledger.chain.abi import AddableName, events
from ledger.chain.chunk import Block, Chunk, Event, position_of
from ledger.chain.network import Contracts
from ledger.chain.rpc import to_bytes, to_hex, to_int
from ledger.kernel.finality import FinalityTag

LOOK_AGAIN_SECONDS = 0.1

_block_of = attrgetter("block_number", "block_hash", "block_timestamp")


class Source:
    """One chain's blocks and our contracts' events, as its endpoints tell them.

    What endpoints teach is kept by them: another source over the same `Endpoints` is cheap to make.
    """

    def __init__(
        self, endpoints: Endpoints, chain_id: int, contracts: Contracts, followed: Mapping[bytes, AddableName]
    ) -> None:
        """`contracts` are the main ones, as the mirrors know them; `followed`, whose events are read, by address."""
        self._endpoints = endpoints
        self._chain_id = chain_id
        self._contracts = contracts
        self._reader = EventReader(chain_id, followed)
        self._addresses = [to_hex(address) for address in followed]
        self._watch = Watch({address: [entry.hash for entry in events(name)] for address, name in followed.items()})
        self._head: Block | None = None

    @property
    def heads_urls(self) -> Sequence[str]:
        """Where new blocks are told of."""
        return self._endpoints.heads_urls

    async def check(self, genesis_hash: bytes) -> None:
        """Makes sure that this chain is the one that is served; endpoints that serve another are asked no more.

        Raises:
            WrongChain: all of them do.
        """
        await self._endpoints.expect(self._chain_id, genesis_hash)

    async def head(self, mirrored: int = 0) -> Block:
        """The newest block.

        `mirrored` is the height that the mirror shows. A lower head is the sign of a node that is behind: it is
        answered only where no endpoint shows a higher one while patience lasts.
        """
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + self._endpoints.patience_seconds
        self._head = await self._tagged("latest")
        while self._head.number < mirrored:
            shown = await self._endpoints.ask_each(_newest)
            self._head = max((block for _, block in shown), key=lambda block: block.number)
            if self._head.number < mirrored and loop.time() >= patient_until:
                break
            for endpoint, block in shown:
                if block.number < self._head.number:
                    endpoint.failed(Kind.BEHIND)
            await asyncio.sleep(0 if self._head.number >= mirrored else LOOK_AGAIN_SECONDS)
        return self._head

    async def finalized(self, tag: FinalityTag) -> Block:
        """The newest block that the chain calls safe, or final."""
        return await self._tagged(tag)

    async def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """The blocks at these heights, none of which lies above the head.

        Raises:
            InconsistentAnswer: one is not there: the endpoint is behind.
        """
        headers = await self._endpoints.ask(lambda endpoint: answers.ask_headers(endpoint, numbers))
        return [header.block() for header in headers]

    async def chunk(self, first: int, at_most: int, *, window_from: int) -> Chunk:
        """The blocks from `first` to `at_most`, or to one below it where that is too much to ask, and our events.

        The chunk's `blocks` are the first, the last, and each from `window_from` on, whose parents are checked. That
        there are no events is believed only of an endpoint that shows the last block, in the same batch, with the hash
        that it had as the head, and of blocks whose blooms allow it.

        Raises:
            InconsistentAnswer: the answers do not fit together; ask again.
            EndpointFailed: no endpoint answers.
        """
        return await self._endpoints.ask(lambda endpoint: self._read(endpoint, first, at_most, window_from))

    async def _read(self, endpoint: Endpoint, first: int, at_most: int, window_from: int) -> Chunk:
        """As `chunk`, from one endpoint, with as many blocks as it answers."""
        limits = endpoint.limits
        while True:
            last = min(at_most, first + limits.width - 1)
            numbers = dict.fromkeys([last, first, *range(max(first, window_from), last)])
            try:
                logs, headers = await answers.ask_range(endpoint, self._addresses, first, last, list(numbers))
            except EndpointRefused as refused:
                if refused.refusal.kind not in {Kind.BLOCKS, Kind.RESULTS}:
                    raise
                if limits.refused(refused.refusal, last - first + 1):
                    continue
                logs, headers = await answers.ask_crowded(endpoint, self._addresses, first)
            except EndpointFailed as failed:
                if failed.fault in {TIMEOUT, CUT_OFF}:
                    limits.struggled(last - first + 1)
                raise
            limits.answered(last - first + 1, len(logs))
            return await self._chunk(endpoint, sorted(headers, key=lambda each: to_int(each.number)), logs)

    async def _chunk(self, endpoint: Endpoint, headers: Sequence[Header], told: Sequence[Log]) -> Chunk:
        blocks = [header.block() for header in headers]
        self._check_links(blocks)
        logs = [log for log in told if not log.removed]
        await self._check_blooms(endpoint, headers, logs)
        shown = {block.number: block for block in blocks}
        shown |= await self._lacking(endpoint, logs, shown)
        numbers = range(blocks[0].number, blocks[-1].number + 1)
        decoded = self._events(logs, shown, numbers)
        return Chunk(self._chain_id, self._contracts, numbers[0], numbers[-1], blocks, decoded)

    def _check_links(self, blocks: Sequence[Block]) -> None:
        """That consecutive blocks are parent and child, and the last one is the head where it is as high."""
        for parent, child in pairwise(blocks):
            if child.number == parent.number + 1 and child.parent_hash != parent.hash:
                raise InconsistentAnswer("The chain changed while it was read.", block=child.number)
        head, last = self._head, blocks[-1]
        if head is not None and head.number == last.number and head.hash != last.hash:
            raise InconsistentAnswer("The chain changed while it was read.", block=last.number)

    async def _check_blooms(self, endpoint: Endpoint, headers: Sequence[Header], logs: Sequence[Log]) -> None:
        """That no block left out events that its bloom shows, as far as a bloom can tell."""
        possible = {header.number: set(self._watch.possible(from_hex(header.logs_bloom))) for header in headers}
        told: dict[str, set[str]] = {header.number: set() for header in headers}
        for log in logs:
            if possible.get(log.block_number) and log.topics:
                possible[log.block_number].discard((to_bytes(log.address), to_bytes(log.topics[0])))
                told[log.block_number].add(log.log_index)
        doubted = [header for header in headers if possible[header.number]]
        for header in doubted:
            if not told[header.number] and is_telling(from_hex(header.logs_bloom)):
                await self._ask_again(endpoint, [header], told, answers.ask_logs_again)
        # What a crowded bloom shows is there by chance, nearly always: those blocks are asked for once more together.
        rest = [header for header in doubted if told[header.number] or not is_telling(from_hex(header.logs_bloom))]
        await self._ask_again(endpoint, rest, told, answers.ask_logs_by_hash)

    async def _ask_again(
        self, doubted: Endpoint, headers: Sequence[Header], told: Mapping[str, set[str]], ask: answers.AskLogs
    ) -> None:
        """Asks for the logs of these blocks another way, and of another endpoint if there is one."""
        if not headers:
            return
        logs = await self._endpoints.ask(lambda endpoint: ask(endpoint, self._addresses, headers), rather_not=doubted)
        for log in logs:
            if log.log_index not in told.get(log.block_number, ()):
                raise InconsistentAnswer(
                    f"The endpoint {doubted.name} left out events of a block.", block=to_int(log.block_number)
                )

    async def _lacking(self, endpoint: Endpoint, logs: Sequence[Log], shown: Mapping[int, Block]) -> dict[int, Block]:
        """The blocks of the logs that do not say their time, as far as they were not shown."""
        timeless = {to_int(log.block_number) for log in logs if log.block_timestamp is None}
        numbers = sorted(timeless - shown.keys())
        headers = await answers.ask_headers(endpoint, numbers)
        return {number: header.block() for number, header in zip(numbers, headers, strict=True)}

    def _events(self, logs: Sequence[Log], shown: Mapping[int, Block], numbers: range) -> list[Event]:
        """The logs decoded, in the chain's order, each once. What they say of their block is looked at once a block."""
        decoded = []
        for (number_text, hash_text, _), of_block in groupby(logs, key=_block_of):
            number = to_int(number_text)
            block = shown.get(number)
            if number not in numbers or (block is not None and block.hash != to_bytes(hash_text)):
                raise InconsistentAnswer("An event belongs to a block that is not there.", block=number)
            first, *others = of_block
            time = _time(first) if block is None else block.time
            decoded += [self._reader.event(log, number, time) for log in (first, *others)]
        return _in_order([event for event in decoded if event is not None])

    async def _tagged(self, tag: str) -> Block:
        return await self._endpoints.ask(lambda endpoint: _tagged(endpoint, tag))


async def _newest(endpoint: Endpoint) -> Block:
    return await _tagged(endpoint, "latest")


async def _tagged(endpoint: Endpoint, tag: str) -> Block:
    (answer,) = await endpoint.ask([("eth_getBlockByNumber", (tag, False))])
    return answers.header(answer, tag).block()


def _in_order(told: list[Event]) -> list[Event]:
    """The events in the chain's order, without those that were told twice."""
    positions = [position_of(event) for event in told]
    if all(map(lt, positions, positions[1:])):  # as nearly every node tells them
        return told
    ordered: list[Event] = []
    for event in sorted(told, key=position_of):
        if not ordered or position_of(event) != position_of(ordered[-1]):
            ordered.append(event)
        elif event != ordered[-1]:
            raise InconsistentAnswer("Two events stand in the same place.", block=event.block_number)
    return ordered


def _time(log: Log) -> datetime:
    if log.block_timestamp is None:
        raise AssertionError("the header of a log without a time was asked for")
    return datetime.fromtimestamp(to_int(log.block_timestamp), UTC)
