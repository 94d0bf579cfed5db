"""Invariants 8 to 10, of the ledger's own rows: what it says of the chain is there, and what it sums is the sum."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from ledger.chain.models import OPEN_STATUSES, ChainEvent, Intent
from ledger.credits.mirror_models import MintedCredit, RetiredCredits
from ledger.credits.models import Credit, Retirement
from ledger.db.base import Base
from ledger.footprint.models import Activity, FootprintDay
from ledger.market.mirror_models import MarketFill, MarketOrder
from ledger.market.models import Listing, Purchase
from ledger.reconcile.evidence import Drift, Evidence, Finding, finding, placed

DONE = ("mined", "confirmed")

Query = tuple[type[Base], str, Select[Any]]
"""Whose rows it finds, what is wrong with those that it finds, and the query itself."""


async def ledger_findings(evidence: Evidence) -> list[Finding]:
    """Every check of the ledger's own rows."""
    return [await _rollups(evidence), await _refs(evidence), await _intents(evidence)]


async def _rollups(evidence: Evidence) -> Finding:
    sums = (
        select(
            Activity.account_id,
            Activity.day,
            Activity.category,
            func.sum(Activity.co2_mg).label("co2_mg"),
            func.count().label("activities"),
        )
        .group_by(Activity.account_id, Activity.day, Activity.category)
        .subquery()
    )
    same = and_(
        FootprintDay.account_id == sums.c.account_id,
        FootprintDay.day == sums.c.day,
        FootprintDay.category == sums.c.category,
    )
    apart = or_(
        FootprintDay.co2_mg.is_distinct_from(sums.c.co2_mg), FootprintDay.activities.is_distinct_from(sums.c.activities)
    )
    joined = select(
        func.coalesce(FootprintDay.account_id, sums.c.account_id),
        func.coalesce(FootprintDay.day, sums.c.day),
        func.coalesce(FootprintDay.category, sums.c.category),
    ).select_from(FootprintDay.__table__.join(sums, same, full=True))
    checked = await evidence.session.scalar(select(func.count()).select_from(FootprintDay))
    drifts = [
        Drift(
            FootprintDay.__tablename__,
            f"account {account} on {day}, {category}",
            "the day's sum is not the sum of its activities",
        )
        for account, day, category in await evidence.session.execute(joined.where(apart))
    ]
    return finding(8, "daily sums = the activities, per day and category", checked or 0, drifts)


async def _refs(evidence: Evidence) -> Finding:
    """Whatever the ledger gave a public number is bound to its ref, and done on chain as it was asked for."""
    queries = [
        _bound(Retirement, Retirement.retirement_id, Retirement.ref, Retirement.intent_id),
        _bound(Listing, Listing.listing_id, Listing.ref, Listing.intent_id),
        _bound(Purchase, Purchase.purchase_id, Purchase.ref, Purchase.intent_id),
    ]
    drifts, checked = [], 0
    for rows in (Retirement, Listing, Purchase, Credit):
        checked += await evidence.session.scalar(select(func.count()).select_from(rows)) or 0
    for table, what, query in [*queries, *_done_as_asked(evidence.chain_id)]:
        drifts += [Drift(table.__tablename__, name, what) for name in await evidence.session.scalars(query)]
    return finding(9, "every RET-, LST-, PUR- and issued CRD- number is bound to its ref", checked, drifts)


def _bound(
    rows: type[Base],
    name: InstrumentedAttribute[str],
    ref: InstrumentedAttribute[bytes],
    intent_id: InstrumentedAttribute[int],
) -> Query:
    lost = select(name).outerjoin(Intent, Intent.intent_id == intent_id).where(Intent.ref.is_distinct_from(ref))
    return rows, "it and its intent name different refs", lost


def _done_as_asked(chain_id: int) -> list[Query]:
    """Of intents that are done: rows whose fact is not in the mirror, or is another one."""

    def done(name: InstrumentedAttribute[str], intent_id: InstrumentedAttribute[Any]) -> Select[Any]:
        return (
            select(name)
            .join(Intent, Intent.intent_id == intent_id)
            .where(Intent.chain_id == chain_id, Intent.status.in_(DONE))
        )

    bought_kg = (
        select(func.coalesce(func.sum(MarketFill.kg), 0))
        .where(MarketFill.chain_id == chain_id, MarketFill.taker_ref == Purchase.ref)
        .scalar_subquery()
    )
    retired = _exists(
        RetiredCredits, chain_id, RetiredCredits.ref == Retirement.ref, RetiredCredits.kg == Retirement.kg
    )
    placed = _exists(MarketOrder, chain_id, MarketOrder.ref == Listing.ref, MarketOrder.kg == Listing.kg)
    minted = _exists(MintedCredit, chain_id, MintedCredit.credit_id == Credit.credit_id)
    return [
        (
            Retirement,
            "it is done, but no such retirement is mirrored",
            done(Retirement.retirement_id, Retirement.intent_id).where(~retired),
        ),
        (
            Listing,
            "it is done, but no such order is mirrored",
            done(Listing.listing_id, Listing.intent_id).where(~placed),
        ),
        (
            Purchase,
            "it is done, but its fills are another amount",
            done(Purchase.purchase_id, Purchase.intent_id).where(bought_kg != Purchase.kg),
        ),
        (Credit, "it is done, but no such credit is mirrored", done(Credit.credit_id, Credit.intent_id).where(~minted)),
    ]


def _exists(rows: Any, chain_id: int, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(rows).where(rows.chain_id == chain_id, *conditions).exists()


async def _intents(evidence: Evidence) -> Finding:
    """An intent is closed by one event that is there, and never open beside its own effect."""
    mine = Intent.chain_id == evidence.chain_id
    event = _exists(
        ChainEvent,
        evidence.chain_id,
        ChainEvent.block_number == Intent.block_number,
        ChainEvent.log_index == Intent.log_index,
        ChainEvent.transaction_hash == Intent.transaction_hash,
    )
    effect = or_(
        _exists(RetiredCredits, evidence.chain_id, RetiredCredits.ref == Intent.ref),
        _exists(MarketOrder, evidence.chain_id, MarketOrder.ref == Intent.ref, Intent.kind == "place"),
        _exists(MarketFill, evidence.chain_id, MarketFill.taker_ref == Intent.ref),
        select(Credit)
        .join(MintedCredit, MintedCredit.credit_id == Credit.credit_id)
        .where(MintedCredit.chain_id == evidence.chain_id, Credit.intent_id == Intent.intent_id)
        .exists(),
    )
    place = (func.coalesce(Intent.block_number, 0), func.coalesce(Intent.log_index, 0))
    reused = select(*place).where(mine, Intent.status.in_(DONE))
    twice = reused.group_by(*place).having(func.count() > 1)
    session = evidence.session
    checked = await session.scalar(select(func.count()).select_from(Intent).where(mine, Intent.status.in_(DONE)))
    closed = select(Intent.intent_id, Intent.block_number).where(mine, Intent.status.in_(DONE), ~event)
    forgotten = await session.scalars(select(Intent.intent_id).where(mine, Intent.status.in_(OPEN_STATUSES), effect))
    table = Intent.__tablename__
    drifts = [
        Drift(table, str(intent_id), "it is closed by an event that is not there", block)
        for intent_id, block in await session.execute(closed)
    ]
    drifts += [Drift(table, str(intent_id), "it is open, but the chain has done it") for intent_id in forgotten]
    drifts += [
        Drift(ChainEvent.__tablename__, placed((block, index)), "it closed several intents", block)
        for block, index in await session.execute(twice)
    ]
    return finding(10, "each intent is closed once, by its own event", checked or 0, drifts)
