"""Invariants 1 to 4 and 6 of the credit token: where every kilogram is, on chain and in the mirror."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.chain.abi import ContractName
from ledger.chain.rpc import to_bytes
from ledger.credits.mirror_models import CreditBatch, CreditHolding, MintedCredit, RetiredCredits, UsedAuthorization
from ledger.db.base import Base
from ledger.kernel.ids import credit_number
from ledger.reconcile.evidence import Drift, Evidence, Finding, differences, finding, hexed, sums

BATCH_FIELDS = ("issued", "circulating", "buffered", "retired", "cancelled", "spent buffer")
STATUS_FIELDS = ("suspended", "suspended until", "reversed")
DEFICIT_FIELDS = ("circulating deficit", "retired deficit")


async def credit_findings(evidence: Evidence) -> list[Finding]:
    """Every check of the credit token."""
    batches = await evidence.rows(CreditBatch)
    holdings = await evidence.rows(CreditHolding)
    retirements = await evidence.rows(RetiredCredits)
    supply_kg = await evidence.reader.call("CarbonCredit", "totalSupply", at=evidence.block_hash)
    return [
        await _batches(evidence, batches),
        await _statuses(evidence, batches),
        await _supply(evidence, batches, supply_kg),
        _sum_of_balances(holdings, supply_kg),
        *await _eligible(evidence, batches),
        _retired_by_batch(batches, retirements),
        await _retirements(evidence, retirements),
        await _credit_ids(evidence),
        await _nonces(evidence),
        _held_and_retired(batches, holdings),
        await _balances(evidence, holdings),
    ]


async def _batches(evidence: Evidence, batches: Sequence[CreditBatch]) -> Finding:
    """Batch by batch the same kilograms in the same places, and every place adds up."""
    chain = await _by_batch(evidence, batches, "batchKg", BATCH_FIELDS)
    mirror = {
        batch.batch_id: {
            "issued": int(batch.issued_kg),
            "circulating": _circulating_kg(batch),
            "buffered": int(batch.buffered_kg),
            "retired": int(batch.retired_kg),
            "cancelled": int(batch.cancelled_kg),
            "spent buffer": int(batch.spent_buffer_kg),
        }
        for batch in batches
    }
    drifts = _batch_differences(evidence, mirror, chain)
    drifts += [
        Drift(
            CreditBatch.__tablename__,
            hexed(batch_id),
            f"on chain {kg['issued']} kg issued are not {kg['circulating']} + {kg['buffered']} + {kg['retired']} + "
            f"{kg['cancelled']} kg",
        )
        for batch_id, kg in chain.items()
        if kg["issued"] != kg["circulating"] + kg["buffered"] + kg["retired"] + kg["cancelled"]
    ]
    return finding(
        1, "per batch: issued = circulating + buffered + retired + cancelled, mirror = chain", len(chain), drifts
    )


async def _statuses(evidence: Evidence, batches: Sequence[CreditBatch]) -> Finding:
    """Batch by batch whether it is suspended or reversed, and what it owes."""
    status = await _by_batch(evidence, batches, "batchStatus", STATUS_FIELDS)
    deficit = await _by_batch(evidence, batches, "deficitOf", DEFICIT_FIELDS)
    chain = {batch_id: status[batch_id] | deficit[batch_id] for batch_id in status}
    mirror = {
        batch.batch_id: {
            "suspended": batch.suspended,
            "suspended until": int(batch.suspended_until.timestamp()) if batch.suspended_until else 0,
            "reversed": batch.reversed,
            "circulating deficit": int(batch.deficit_circulating_kg),
            "retired deficit": int(batch.deficit_retired_kg),
        }
        for batch in batches
    }
    return finding(
        6, "every batch's status and deficit: mirror = chain", len(chain), _batch_differences(evidence, mirror, chain)
    )


def _batch_differences(
    evidence: Evidence, mirror: Mapping[bytes, dict[str, Any]], chain: Mapping[bytes, dict[str, Any]]
) -> list[Drift]:
    first = evidence.told.batches
    return differences(
        CreditBatch, mirror, chain, name=hexed, block=lambda batch_id: first.get(batch_id, evidence.first_block)
    )


async def _by_batch(
    evidence: Evidence, batches: Sequence[CreditBatch], function: str, fields: Sequence[str]
) -> dict[bytes, dict[str, Any]]:
    """What a view of the token says of each batch, by the names that its members have here.

    Of each that the mirror has, and of each that the chain ever told of.
    """
    ids = sorted(evidence.told.batches.keys() | {batch.batch_id for batch in batches})
    answers = await evidence.reader.calls("CarbonCredit", function, [[each] for each in ids], at=evidence.block_hash)
    return {batch_id: dict(zip(fields, answer, strict=True)) for batch_id, answer in zip(ids, answers, strict=True)}


async def _supply(evidence: Evidence, batches: Sequence[CreditBatch], supply_kg: int) -> Finding:
    reader, at = evidence.reader, evidence.block_hash
    own_kg = await reader.call("CarbonCredit", "balanceOf", reader.contracts.credit, at=at)
    buffered_kg = sum(int(batch.buffered_kg) for batch in batches)
    circulating_kg = sum(_circulating_kg(batch) for batch in batches)
    mirror = {"total supply": circulating_kg + buffered_kg, "own balance": buffered_kg}
    chain = {"total supply": supply_kg, "own balance": own_kg}
    return finding(
        1, "supply = circulating + buffered; the token's own balance = buffered", 2, sums(CreditBatch, mirror, chain)
    )


def _sum_of_balances(holdings: Sequence[CreditHolding], supply_kg: int) -> Finding:
    held_kg = sum(int(holding.balance_kg) for holding in holdings)
    drifts = sums(CreditHolding, {"kg": held_kg}, {"kg": supply_kg})
    return finding(2, "the sum of all balances = total supply", len(holdings), drifts)


async def _eligible(evidence: Evidence, batches: Sequence[CreditBatch]) -> list[Finding]:
    reader, at = evidence.reader, evidence.block_hash
    ids, kgs = await reader.call("CarbonCredit", "nextEligible", len(batches) + 1, at=at)
    chain = dict(zip(ids, kgs, strict=True))
    mirror = {
        batch.batch_id: _circulating_kg(batch)
        for batch in batches
        if _circulating_kg(batch) > 0 and not batch.suspended and not batch.reversed
    }
    first = evidence.told.batches
    drifts = differences(
        CreditBatch, mirror, chain, name=hexed, block=lambda batch_id: first.get(batch_id, evidence.first_block)
    )
    attributable_kg = await reader.call("CarbonCredit", "attributable", at=at)
    attributable = sums(CreditBatch, {"attributable kg": sum(mirror.values())}, {"attributable kg": attributable_kg})
    return [
        finding(2, "eligible = circulating > 0, neither suspended nor reversed", len(mirror), drifts),
        finding(2, "attributable = the sum of the eligible list", 1, attributable),
    ]


def _retired_by_batch(batches: Sequence[CreditBatch], retirements: Sequence[RetiredCredits]) -> Finding:
    """Retired only grows: it is nothing but the sum of all retirements."""
    told: dict[str, int] = defaultdict(int)
    drifts = []
    for retirement in retirements:
        if sum(part["kg"] for part in retirement.batches) != retirement.kg:
            says = f"its batches do not sum to its {int(retirement.kg)} kg"
            drifts.append(Drift(RetiredCredits.__tablename__, hexed(retirement.ref), says, retirement.block_number))
        for part in retirement.batches:
            told[part["batchId"]] += part["kg"]
    kept = {hexed(batch.batch_id): int(batch.retired_kg) for batch in batches}
    drifts += [
        Drift(
            CreditBatch.__tablename__,
            batch_id,
            f"{kept.get(batch_id)} kg are retired, its retirements sum to {told.get(batch_id, 0)} kg",
        )
        for batch_id in sorted(kept.keys() | told.keys())
        if kept.get(batch_id) != told.get(batch_id, 0)
    ]
    return finding(3, "retired per batch = the sum of its retirements", len(retirements), drifts)


async def _retirements(evidence: Evidence, retirements: Sequence[RetiredCredits]) -> Finding:
    """By its ref alone the token tells of each retirement whose credits it took, and how much."""
    refs = [retirement.ref for retirement in retirements]
    answers = await evidence.reader.calls(
        "CarbonCredit", "retirementOf", [[ref] for ref in refs], at=evidence.block_hash
    )
    chain = {ref: (to_bytes(holder), kg) for ref, (holder, kg) in zip(refs, answers, strict=True)}
    mirror = {each.ref: (each.holder, int(each.kg)) for each in retirements}
    blocks = {retirement.ref: retirement.block_number for retirement in retirements}
    drifts = differences(RetiredCredits, mirror, chain, name=hexed, block=blocks.__getitem__)
    return finding(3, "a retirement's ref stands for one holder and its kg", len(refs), drifts)


async def _credit_ids(evidence: Evidence) -> Finding:
    rows = await evidence.rows(MintedCredit)
    numbers = [[credit_number(row.credit_id)] for row in rows]
    used = await evidence.reader.calls("CarbonCredit", "isCreditIdUsed", numbers, at=evidence.block_hash)
    times = Counter(row.credit_id for row in rows)
    drifts = [
        Drift(
            MintedCredit.__tablename__,
            row.credit_id,
            f"it is mirrored {times[row.credit_id]} times" if is_used else "it is mirrored, but not used on chain",
            row.block_number,
        )
        for row, is_used in zip(rows, used, strict=True)
        if not is_used or times[row.credit_id] > 1
    ]
    return finding(3, "each credit id is used once", len(rows), drifts)


async def _nonces(evidence: Evidence) -> Finding:
    rows = await evidence.rows(UsedAuthorization)
    keys = [(row.authorizer, row.nonce) for row in rows]
    used = await evidence.reader.calls("CarbonCredit", "authorizationState", keys, at=evidence.block_hash)
    drifts = [
        Drift(
            UsedAuthorization.__tablename__,
            f"{hexed(row.authorizer)} {hexed(row.nonce)}",
            "it is mirrored as used, the chain would take it",
            row.block_number,
        )
        for row, is_used in zip(rows, used, strict=True)
        if not is_used
    ]
    return finding(3, "each authorisation is used once", len(keys), drifts)


def _held_and_retired(batches: Sequence[CreditBatch], holdings: Sequence[CreditHolding]) -> Finding:
    issued_kg = sum(int(batch.issued_kg) for batch in batches)
    cancelled_kg = sum(int(batch.cancelled_kg) for batch in batches)
    held_kg = sum(int(holding.balance_kg) for holding in holdings)
    retired_kg = sum(int(holding.retired_kg) for holding in holdings)
    drifts = []
    if issued_kg != held_kg + retired_kg + cancelled_kg:
        says = (
            f"{issued_kg} kg were issued, but {held_kg} kg are held, {retired_kg} kg retired and {cancelled_kg} kg "
            "cancelled"
        )
        drifts.append(Drift(CreditHolding.__tablename__, "all", says))
    return finding(4, "whatever was issued is held, retired or cancelled, and nothing else is", len(holdings), drifts)


async def _balances(evidence: Evidence, holdings: Sequence[CreditHolding]) -> Finding:
    """Of everybody who ever had credits, whether the mirror has a row of theirs or not."""
    mirror = {holding.holder: int(holding.balance_kg) for holding in holdings}
    checked, drifts = await balance_drifts(
        evidence, "CarbonCredit", CreditHolding, mirror, evidence.told.credit_holders
    )
    return finding(6, "every balance of credits: mirror = chain", checked, drifts)


async def balance_drifts(
    evidence: Evidence, token: ContractName, rows: type[Base], mirror: Mapping[bytes, int], first: Mapping[bytes, int]
) -> tuple[int, list[Drift]]:
    """How many holders there ever were, and of whom the mirror says another balance than the token.

    `first` says for each holder that the token's transfers name the first block which does.
    """
    holders = sorted(mirror.keys() | first.keys())
    answers = await evidence.reader.calls(token, "balanceOf", [[holder] for holder in holders], at=evidence.block_hash)
    chain = {holder: balance for holder, balance in zip(holders, answers, strict=True) if balance or holder in mirror}
    drifts = differences(rows, mirror, chain, name=hexed, block=lambda holder: first.get(holder, evidence.first_block))
    return len(holders), drifts


def _circulating_kg(batch: CreditBatch) -> int:
    """What of a batch anyone holds; a plain number, because a mirror that drifted may say less than nothing."""
    return int(batch.issued_kg) - int(batch.buffered_kg) - int(batch.retired_kg) - int(batch.cancelled_kg)
