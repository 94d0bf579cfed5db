"""What the source asks an endpoint, and its answers as far as each can be judged by itself."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from indexer.endpoints import Endpoint
from indexer.endpoints.errors import EndpointRefused
from indexer.endpoints.refusals import Kind
from indexer.errors import InconsistentAnswer
from indexer.wire import Header, Log, Receipt
from ledger.chain.rpc import Call, RpcError, to_int

AskLogs = Callable[[Endpoint, Sequence[str], Sequence[Header]], Awaitable[list[Log]]]
"""Asks an endpoint for the logs of these contracts in these blocks."""

_HEADER: msgspec.json.Decoder[Header | None] = msgspec.json.Decoder(Header | None)
_LOGS = msgspec.json.Decoder(list[Log])
_RECEIPTS: msgspec.json.Decoder[list[Receipt] | None] = msgspec.json.Decoder(list[Receipt] | None)


async def ask_headers(endpoint: Endpoint, numbers: Sequence[int]) -> list[Header]:
    """The headers of the blocks at these heights."""
    answers = await endpoint.ask([_header_call(number) for number in numbers])
    return [header(answer, number) for answer, number in zip(answers, numbers, strict=True)]


async def ask_range(
    endpoint: Endpoint, addresses: Sequence[str], first: int, last: int, numbers: Sequence[int]
) -> tuple[list[Log], list[Header]]:
    """The logs of these contracts in a range of blocks, and these headers: those that come first, in the same batch.

    Raises:
        EndpointRefused: that is too much to ask.
    """
    logs_call: Call = "eth_getLogs", ({"address": addresses, "fromBlock": hex(first), "toBlock": hex(last)},)
    logs, *headers = await endpoint.ask([logs_call, *(_header_call(number) for number in numbers)])
    return _LOGS.decode(logs), [header(answer, number) for answer, number in zip(headers, numbers, strict=True)]


async def ask_crowded(endpoint: Endpoint, addresses: Sequence[str], number: int) -> tuple[list[Log], list[Header]]:
    """The same for one block that holds more logs than the endpoint answers at once.

    It is asked contract by contract; where even that is too much, the block's receipts are read.
    """
    (shown,) = await ask_headers(endpoint, [number])
    try:
        parts = await endpoint.ask(
            [("eth_getLogs", ({"address": address, "blockHash": shown.hash},)) for address in addresses]
        )
    except EndpointRefused as refused:
        if refused.refusal.kind != Kind.RESULTS:
            raise
        receipts = await ask_receipts(endpoint, shown)
        logs = _of(receipts, addresses)
    else:
        logs = [log for part in parts for log in _LOGS.decode(part)]
    return logs, [shown]


async def ask_logs_again(endpoint: Endpoint, addresses: Sequence[str], shown: Sequence[Header]) -> list[Log]:
    """The logs of these contracts in blocks, by their receipts; where the node offers none, by the blocks' hashes."""
    try:
        return [log for each in shown for log in _of(await ask_receipts(endpoint, each), addresses)]
    except RpcError:
        return await ask_logs_by_hash(endpoint, addresses, shown)


async def ask_logs_by_hash(endpoint: Endpoint, addresses: Sequence[str], shown: Sequence[Header]) -> list[Log]:
    """The logs of these contracts in blocks: a node that does not know a block cannot say that there are none."""
    parts = await endpoint.ask(
        [("eth_getLogs", ({"address": addresses, "blockHash": header.hash},)) for header in shown]
    )
    return [log for part in parts for log in _LOGS.decode(part)]


async def ask_receipts(endpoint: Endpoint, shown: Header) -> list[Receipt]:
    """All receipts of a block, which are all: together they make the bloom of its header.

    Raises:
        InconsistentAnswer: they are not.
    """
    (answer,) = await endpoint.ask([("eth_getBlockReceipts", (shown.hash,))])
    receipts = _RECEIPTS.decode(answer)
    bloom = 0
    for receipt in receipts or ():
        bloom |= to_int(receipt.logs_bloom)
    if receipts is None or bloom != to_int(shown.logs_bloom):
        raise InconsistentAnswer("The receipts of a block are not those of its header.", block=to_int(shown.number))
    return receipts


def header(answer: msgspec.Raw, wanted: int | str) -> Header:
    """The header that was asked for by its height, or by a tag.

    Raises:
        InconsistentAnswer: the endpoint does not have it, or answered with another one.
    """
    shown = _HEADER.decode(answer)
    if shown is None:
        raise InconsistentAnswer("The endpoint does not have a block that it should have.", block=wanted)
    if isinstance(wanted, int) and to_int(shown.number) != wanted:
        raise InconsistentAnswer("The endpoint answered with another block.", block=wanted, answered=shown.number)
    return shown


def _header_call(number: int) -> Call:
    return "eth_getBlockByNumber", (hex(number), False)


def _of(receipts: Sequence[Receipt], addresses: Sequence[str]) -> list[Log]:
    """The logs of these contracts among all of a block."""
    wanted = set(addresses)
    return [log for receipt in receipts for log in receipt.logs if log.address.lower() in wanted]
