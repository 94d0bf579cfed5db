"""Reads the chain's log once, from the first of our contracts to the pinned block, some blocks at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ledger.chain.abi import ContractName, artifact, events
from ledger.chain.chunk import ZERO_ADDRESS
from ledger.chain.reader import BlockUnknown, ChainLog
from ledger.reconcile.evidence import Evidence, Report

BLOCKS_AT_FIRST = 1_000
LOGS_AT_ONCE = 20_000
"""About as many as an answer is to hold."""


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """A log that our ABI knows."""

    contract: ContractName
    name: str
    log: ChainLog

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands: block and index."""
        return self.log.block_number, self.log.log_index


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive blocks, and what our contracts told in them."""

    first: int
    last: int
    events: Sequence[ToldEvent]


async def stretches(evidence: Evidence, report: Report) -> AsyncIterator[Stretch]:
    """The whole log, piece by piece; fills what the evidence is told meanwhile."""
    contracts = evidence.contracts
    first, span = evidence.first_block, BLOCKS_AT_FIRST
    while first <= evidence.block_number:
        last = min(first + span - 1, evidence.block_number)
        try:
            logs = await evidence.reader.logs(list(contracts), first, last)
        except BlockUnknown:
            if first == last:
                raise
            span = (last - first + 1) // 2
            continue
        known = recognised(logs, contracts)
        for event in known:
            _take_note(evidence, event)
        report("events", last - evidence.first_block + 1, evidence.block_number - evidence.first_block + 1)
        yield Stretch(first, last, known)
        first, span = last + 1, max(1, min(2 * span, span * LOGS_AT_ONCE // max(1, len(logs))))


def recognised(logs: Sequence[ChainLog], contracts: Mapping[bytes, ContractName]) -> list[ToldEvent]:
    """The logs that are events of these contracts; a coin that is not ours may emit others too."""
    found = []
    for log in logs:
        contract = contracts.get(log.address)
        name = _topics(contract).get(log.topics[0]) if contract and log.topics else None
        if contract and name:
            found.append(ToldEvent(contract, name, log))
    return found


@cache
def event_abi(contract: ContractName, name: str) -> Mapping[str, Any]:
    """The event's entry in the ABI."""
    (entry,) = [each for each in artifact(contract)["abi"] if each["type"] == "event" and each["name"] == name]
    return dict(entry)


@cache
def _topics(contract: ContractName) -> Mapping[bytes, str]:
    return {entry.hash: entry.name for entry in events(contract)}


def _take_note(evidence: Evidence, event: ToldEvent) -> None:
    """Remembers whom and what the main contracts name, at its first block. Topics alone tell it."""
    told, log, main = evidence.told, event.log, evidence.reader.contracts
    block = log.block_number
    match event.name:
        case "Transfer" if log.address in {main.credit, main.dollar}:
            holders = told.credit_holders if log.address == main.credit else told.coin_holders
            for topic in log.topics[1:3]:
                holders.setdefault(topic[12:], block)
            holders.pop(ZERO_ADDRESS, None)
        case "BatchOpened" if log.address == main.credit:
            told.batches.setdefault(log.topics[1], block)
        case "OrderPlaced" if log.address == main.market:
            told.orders.setdefault(log.topics[1], block)
