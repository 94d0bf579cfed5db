"""Invariant 6, fact by fact: what the chain's log tells, decoded by another library, is what the mirror keeps."""

from typing import Any

from sqlalchemy import func, select

from ledger.chain.models import ChainEvent, Deployment
from ledger.credits.mirror_models import MintedCredit, RetiredCredits
from ledger.market.mirror_models import MarketFill
from ledger.reconcile.evidence import Evidence, Finding, differences, finding

Place = tuple[int, int]
Told = dict[Place, dict[str, Any]]
BLOCKS_AT_ONCE = 10_000
REVERSAL_EVENTS = (
    "BatchSuspended",
    "BatchUnsuspended",
    "BatchReversed",
    "DeficitCovered",
    "DeficitReplaced",
    "BatchReinstated",
)


async def event_findings(evidence: Evidence) -> list[Finding]:
    """Issued credits, retirements and fills, one by one; and that no event of ours is missing."""
    first = await _first_block(evidence)
    minted = await _told(evidence, "CarbonCredit", "CreditMinted", first)
    retired = await _told(evidence, "CarbonCredit", "CreditsRetired", first)
    filled = await _told(evidence, "CarbonMarket", "OrderFilled", first)
    reversals = {name: await _told(evidence, "CarbonCredit", name, first) for name in REVERSAL_EVENTS}
    return [
        _same("every issued credit: mirror = chain", await _minted(evidence), minted),
        _same("every retirement, its ref and commitment: mirror = chain", await _retired(evidence), retired),
        _same("every fill: mirror = chain", await _filled(evidence), filled),
        await _kept(evidence, {"CreditMinted": minted, "CreditsRetired": retired, "OrderFilled": filled} | reversals),
    ]


def _same(what: str, mirror: Told, chain: Told) -> Finding:
    shown = {place: {key: chain[place][key] for key in mirror.get(place, chain[place])} for place in chain}
    return finding(6, what, len(chain), differences("event", mirror, shown, _place))


async def _kept(evidence: Evidence, told: dict[str, Told]) -> Finding:
    """The kept events, from which a rewind works, are as many as the chain has."""
    rows = await evidence.session.execute(
        select(ChainEvent.name, func.count().label("events"))
        .where(ChainEvent.chain_id == evidence.chain_id, ChainEvent.name.in_(told))
        .group_by(ChainEvent.name)
    )
    kept = dict.fromkeys(told, 0) | {row.name: row.events for row in rows}
    chain = {name: len(events) for name, events in told.items()}
    return finding(6, "every event is kept", sum(chain.values()), differences("events", kept, chain))


async def _first_block(evidence: Evidence) -> int:
    first = await evidence.session.scalar(
        select(func.min(Deployment.block_number)).where(Deployment.chain_id == evidence.chain_id)
    )
    return first or 0


async def _told(evidence: Evidence, contract: Any, name: str, first: int) -> Told:
    told: Told = {}
    for start in range(first, evidence.block_number + 1, BLOCKS_AT_ONCE):
        last = min(start + BLOCKS_AT_ONCE - 1, evidence.block_number)
        for event in await evidence.reader.events(contract, name, start, last):
            where = {"transaction": bytes(event["transactionHash"])}
            told[event["blockNumber"], event["logIndex"]] = where | {
                key: bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("0x") else value
                for key, value in event["args"].items()
            }
    return told


async def _minted(evidence: Evidence) -> Told:
    return {
        (row.block_number, row.log_index): {
            "transaction": row.transaction_hash,
            "creditId": row.credit_id,
            "recipient": row.recipient,
            "amount": int(row.kg),
        }
        for row in await evidence.rows(MintedCredit)
    }


async def _retired(evidence: Evidence) -> Told:
    return {
        (row.block_number, row.log_index): {
            "transaction": row.transaction_hash,
            "ref": row.ref,
            "holder": row.holder,
            "kg": int(row.kg),
            "batchIds": [bytes.fromhex(part["batchId"][2:]) for part in row.batches],
            "batchKg": [part["kg"] for part in row.batches],
            "reason": row.reason,
            "period": row.period,
            "commitment": row.commitment,
        }
        for row in await evidence.rows(RetiredCredits)
    }


async def _filled(evidence: Evidence) -> Told:
    return {
        (row.block_number, row.log_index): {
            "transaction": row.transaction_hash,
            "ref": row.ref,
            "takerRef": row.taker_ref,
            "kg": int(row.kg),
            "pricePerKg": int(row.price_per_kg),
            "total": int(row.total_micros),
            "fee": int(row.fee_micros),
        }
        for row in await evidence.rows(MarketFill)
    }


def _place(place: Place) -> str:
    return f"{place[0]}/{place[1]}"
