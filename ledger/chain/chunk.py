"""A piece of the chain as the mirrors take it: consecutive blocks, and our contracts' events in them, decoded."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain import abi
from ledger.chain.models import ChainEvent
from ledger.chain.network import Contracts, load_contracts
from ledger.chain.rpc import to_bytes, to_hex

position_of = attrgetter("block_number", "log_index")
"""Where an event stands among all of its chain."""

ZERO_ADDRESS = bytes(20)
ZERO_REF = bytes(32)

LATEST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second that a timestamptz of ours holds
LARGEST_BIGINT = 2**63 - 1

_JSON = msgspec.json.Encoder()

Kind = tuple[str, frozenset[str]]
"""An event by its name and its parameters' names: a coin's transfer has a value, a certificate's a token's id."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as a mirror needs it."""

    number: int
    hash: bytes
    parent_hash: bytes
    time: datetime


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event of one of our contracts.

    `arguments` holds Python values by the parameters' names in Solidity: int, bool, str, bytes (addresses are 20 of
    them), lists for arrays, dicts for structs.
    """

    name: str
    contract: bytes
    block_number: int
    log_index: int
    block_time: datetime
    transaction_hash: bytes
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Chunk:
    """The blocks from `first_block` to `last_block`, both included, and their events in the chain's order."""

    chain_id: int
    contracts: Contracts
    first_block: int
    last_block: int
    blocks: Sequence[Block]
    events: Sequence[Event]
    confirmed_block: int = -1
    """The newest block that counts as final once the chunk is taken in; below 0 while none does."""

    def named(self, name: str, contract: bytes) -> Sequence[Event]:
        """The events with this name that this contract emitted, in the chain's order."""
        return self._by_name.get((name, contract), ())

    def in_order(self, contract: bytes, *names: str) -> Sequence[Event]:
        """The events with any of these names that this contract emitted, in the chain's order."""
        return sorted(chain.from_iterable(self.named(name, contract) for name in names), key=position_of)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, bytes], Sequence[Event]]:
        named: dict[tuple[str, bytes], list[Event]] = defaultdict(list)
        for event in self.events:
            named[event.name, event.contract].append(event)
        return named


def moment_of(seconds: int) -> datetime:
    """A contract's uint64 second as a moment; what lies past the year 9999 is the last second of that year."""
    return datetime.fromtimestamp(min(seconds, LATEST_SECOND), UTC)


def bounded(count: int) -> int:
    """A contract's uint128 as a bigint: anyone may sign an order for more than exists, and the mirror must hold it."""
    return min(count, LARGEST_BIGINT)


async def kept_chunk(session: AsyncSession, chain_id: int, above: int) -> Chunk:
    """The events that are kept from the blocks above `above`: what a rewind to it takes back."""
    events = await kept_events(session, chain_id, ChainEvent.block_number > above)
    last = events[-1].block_number if events else above
    return Chunk(chain_id, await load_contracts(session, chain_id), above + 1, last, (), events)


async def kept_events(session: AsyncSession, chain_id: int, *which: ColumnElement[bool]) -> list[Event]:
    """The events that are kept of a chain and meet these conditions, in the chain's order."""
    rows = await session.scalars(
        select(ChainEvent)
        .where(ChainEvent.chain_id == chain_id, *which)
        .order_by(ChainEvent.block_number, ChainEvent.log_index)
    )
    return [_kept_event(row) for row in rows]


def _kept_event(row: ChainEvent) -> Event:
    return Event(
        name=row.name,
        contract=row.contract,
        block_number=row.block_number,
        log_index=row.log_index,
        block_time=row.block_time,
        transaction_hash=row.transaction_hash,
        arguments={part["name"]: _from_json(row.arguments[part["name"]], part) for part in _inputs()[_kind(row)]},
    )


def kept_arguments(event: Event) -> str:
    """The event's arguments as `chain_events` keeps them, in JSON; `kept_events` reads them again."""
    told = event.arguments
    return _JSON.encode({name: write(told[name]) for name, write in _writers()[_kind(event)]}).decode()


@cache
def _writers() -> dict[Kind, Sequence[tuple[str, Callable[[Any], Any]]]]:
    """For every event the names of its parameters, and what writes each."""
    return {kind: [(part["name"], _writer(part["type"])) for part in inputs] for kind, inputs in _inputs().items()}


def _writer(kind: str) -> Callable[[Any], Any]:
    """`json_value` for one type, less the looking what the value is."""
    if kind.endswith("]") or kind == "tuple":
        return abi.json_value
    if kind.startswith(("uint", "int")):
        return str
    return to_hex if kind.startswith(("bytes", "address")) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _kind(event: Event | ChainEvent) -> Kind:
    return event.name, frozenset(event.arguments)


@cache
def _inputs() -> dict[Kind, Sequence[Mapping[str, Any]]]:
    """The parameters of every event; where two contracts share an event of one kind, its parameters are alike."""
    return {
        (entry.name, frozenset(part["name"] for part in entry.inputs)): entry.inputs
        for contract in abi.ADDABLE_NAMES
        for entry in abi.events(contract)
    }


def _from_json(kept: Any, parameter: Mapping[str, Any]) -> Any:
    """An argument again, by its parameter in the ABI: the inverse of `json_value`."""
    kind: str = parameter["type"]
    if kind.endswith("]"):
        member = {**parameter, "type": kind[: kind.rindex("[")]}
        return [_from_json(each, member) for each in kept]
    if kind == "tuple":
        return {part["name"]: _from_json(kept[part["name"]], part) for part in parameter["components"]}
    if kind.startswith(("uint", "int")):
        return int(kept)
    if kind.startswith(("bytes", "address")):
        return to_bytes(kept)
    return kept
