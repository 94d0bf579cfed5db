"""Invariant 6, fact by fact: what the chain's log tells, decoded by another library, is what the mirror keeps."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select

from ledger.chain.models import ChainBlock, ChainEvent
from ledger.credits.mirror_models import CreditBatch, CreditHolding, MintedCredit, RetiredCredits, UsedAuthorization
from ledger.db.base import Base
from ledger.market.mirror_models import MarketFill, MarketOrder
from ledger.reconcile.evidence import Drift, Evidence, Finding, Report, differences, finding, hexed, placed
from ledger.reconcile.facts import FACTS, Arguments, Facts, parties
from ledger.reconcile.told import Stretch, ToldEvent, event_abi, stretches

MOVEMENTS = ("earned", "purchased", "sold", "retired")


@dataclass(slots=True)
class Tally:
    """What the stretches of one log have shown so far."""

    checked: int = 0
    drifts: list[Drift] = field(default_factory=list)

    def add(self, checked: int, drifts: Sequence[Drift]) -> None:
        """Takes in what one stretch has shown."""
        self.checked += checked
        self.drifts += drifts


async def event_findings(evidence: Evidence, report: Report) -> list[Finding]:
    """Every fact, one by one; and that no event of ours is missing. Fills what the evidence is told."""
    kept = Tally()
    totals: dict[type[Base], Tally] = defaultdict(Tally)
    movements: dict[bytes, dict[str, int]] = defaultdict(_no_movement)
    async for stretch in stretches(evidence, report):
        kept.add(*await _kept(evidence, stretch))
        for facts in FACTS:
            told = _told(evidence, stretch, facts)
            _move(movements, told)
            totals[facts.rows].add(*await _facts(evidence, stretch, facts, told))
    return [
        finding(6, "every event is kept", kept.checked, kept.drifts),
        _same("every issued credit: mirror = chain", totals[MintedCredit]),
        _same("every retirement, its ref and commitment: mirror = chain", totals[RetiredCredits]),
        _same("every batch's terms: mirror = chain", totals[CreditBatch]),
        _same("every used authorisation: mirror = chain", totals[UsedAuthorization]),
        _same("every placed order's terms: mirror = chain", totals[MarketOrder]),
        _same("every fill: mirror = chain", totals[MarketFill]),
        await _movements(evidence, movements),
        await _window(evidence),
    ]


def _same(what: str, tally: Tally) -> Finding:
    return finding(6, what, tally.checked, tally.drifts)


async def _kept(evidence: Evidence, stretch: Stretch) -> tuple[int, list[Drift]]:
    """The kept events, from which a rewind works, are those of the chain."""
    rows = await evidence.session.execute(
        select(
            ChainEvent.block_number,
            ChainEvent.log_index,
            ChainEvent.name,
            ChainEvent.contract,
            ChainEvent.transaction_hash,
        ).where(*_within(evidence, stretch, ChainEvent, "block_number"), ChainEvent.contract.in_(evidence.contracts))
    )
    mirror = {(block, index): tuple(rest) for block, index, *rest in rows}
    chain = {event.place: (event.name, event.log.address, event.log.transaction_hash) for event in stretch.events}
    return len(chain), differences(ChainEvent, mirror, chain, name=placed, block=lambda place: place[0])


async def _facts(
    evidence: Evidence, stretch: Stretch, facts: Facts, told: Sequence[tuple[ToldEvent, Arguments]]
) -> tuple[int, list[Drift]]:
    rows = await evidence.session.scalars(
        select(facts.rows).where(*_within(evidence, stretch, facts.rows, facts.block))
    )
    blocks, mirror, chain = {}, {}, {}
    for row in rows:
        key, mirror[key] = facts.kept(row)
        blocks[key] = getattr(row, facts.block)
    for event, arguments in told:
        key, chain[key] = facts.told(event, arguments)
        blocks[key] = event.log.block_number
    return len(chain), differences(facts.rows, mirror, chain, name=facts.name, block=blocks.__getitem__)


def _within(evidence: Evidence, stretch: Stretch, rows: type[Base], block: str) -> list[ColumnElement[bool]]:
    """The chain's rows of a stretch. The first one has what lies before it too, the last one what lies behind it."""
    columns = rows.__table__.c
    lowest = None if stretch.first == evidence.first_block else columns[block] >= stretch.first
    highest = None if stretch.last == evidence.block_number else columns[block] <= stretch.last
    return [columns.chain_id == evidence.chain_id, *(each for each in (lowest, highest) if each is not None)]


def _told(evidence: Evidence, stretch: Stretch, facts: Facts) -> list[tuple[ToldEvent, Arguments]]:
    """The events of these facts, decoded."""
    address = evidence.reader.contracts.named()[facts.contract]
    return [
        (event, evidence.reader.decoded(event_abi(facts.contract, event.name), event.log))
        for event in stretch.events
        if event.name in facts.events and event.log.address == address
    ]


def _no_movement() -> dict[str, int]:
    return dict.fromkeys(MOVEMENTS, 0)


def _move(movements: dict[bytes, dict[str, int]], told: Sequence[tuple[ToldEvent, Arguments]]) -> None:
    """Adds to what holders earned, bought, sold and retired."""
    for event, arguments in told:
        match event.name:
            case "CreditMinted":
                movements[arguments["recipient"]]["earned"] += arguments["amount"]
            case "CreditsRetired":
                movements[arguments["holder"]]["retired"] += arguments["kg"]
            case "OrderFilled":
                seller, buyer = parties(arguments)
                movements[seller]["sold"] += arguments["kg"]
                movements[buyer]["purchased"] += arguments["kg"]


async def _movements(evidence: Evidence, chain: dict[bytes, dict[str, int]]) -> Finding:
    mirror = {
        row.holder: {
            "earned": int(row.earned_kg),
            "purchased": int(row.purchased_kg),
            "sold": int(row.sold_kg),
            "retired": int(row.retired_kg),
        }
        for row in await evidence.rows(CreditHolding)
    }
    mirror = {holder: moved for holder, moved in mirror.items() if holder in chain or any(moved.values())}
    first = evidence.told.credit_holders
    drifts = differences(
        CreditHolding, mirror, chain, name=hexed, block=lambda holder: first.get(holder, evidence.first_block)
    )
    return finding(6, "what every holder earned, bought, sold and retired: mirror = chain", len(chain), drifts)


async def _window(evidence: Evidence) -> Finding:
    """The remembered blocks, by which a reorg is seen, are those of the chain."""
    rows = [row for row in await evidence.rows(ChainBlock) if row.block_number <= evidence.block_number]
    headers = await evidence.reader.headers([row.block_number for row in rows])
    mirror = {row.block_number: (row.block_hash, row.parent_hash) for row in rows}
    chain = {
        row.block_number: header and (header.hash, header.parent_hash)
        for row, header in zip(rows, headers, strict=True)
    }
    drifts = differences(ChainBlock, mirror, chain, name=str, block=lambda number: number)
    return finding(6, "every remembered block is the chain's", len(rows), drifts)
