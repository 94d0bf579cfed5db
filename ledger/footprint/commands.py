from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.db.sequences import next_id
from ledger.events import record
from ledger.footprint import store
from ledger.footprint.factors import shipped
from ledger.footprint.models import Activity
from ledger.footprint.report import ActivityReport
from ledger.footprint.rules import assess
from ledger.kernel.clock import Clock, iso
from ledger.kernel.errors import Conflict
from ledger.kernel.ids import IdKind

SELF_REPORTED = "self_reported"


@dataclass(frozen=True, slots=True)
class Tracked:
    """The activity that stands for a report, and whether an earlier report made it."""

    activity: Activity
    repeated: bool


async def track(session: AsyncSession, account: Account, report: ActivityReport, clock: Clock) -> Tracked:
    """Records an activity of the account with its day's sum and the event `emission.tracked`.

    A report without a moment happened now. A reference that the account used before names the same activity: it is
    answered again and counted once. A client may say by which method it measured; the activity is not verified by
    that, only evidence that somebody else checked could make it so.

    Raises:
        InvalidEmissionData: the report makes no sense; the facts name the field and what would.
        CalculationFailed: it states no amount, and no factor fits it.
        Conflict: the reference was used for something else.
    """
    assessment = assess(report, shipped(), personal=account.kind == "person")
    recorded_at = clock()
    occurred_at = report.occurred_at or recorded_at
    activity = Activity(
        activity_id=await next_id(session, IdKind.ACTIVITY, recorded_at),
        account_id=account.account_id,
        occurred_at=occurred_at,
        day=occurred_at.date(),
        category=report.category,
        subcategory=report.subcategory,
        co2_mg=assessment.co2,
        derived_co2_mg=assessment.derived,
        quantity=assessment.quantity,
        unit=assessment.unit,
        factor_id=assessment.factor_id,
        factor_edition=assessment.factor_edition,
        verified=False,
        verification_method=report.verification_method or SELF_REPORTED,
        reference=report.reference,
        warnings=[asdict(notice) for notice in assessment.notices],
    )
    if not await store.add_activity(session, activity):
        return Tracked(await _first(session, activity, report), repeated=True)
    await store.add_to_day(session, activity)
    record(
        session,
        "emission.tracked",
        account.public_id,
        {
            "activityId": activity.activity_id,
            "userId": account.public_id,
            "category": activity.category,
            "co2Mg": int(activity.co2_mg),
            "verified": activity.verified,
            "timestamp": iso(activity.occurred_at),
        },
    )
    return Tracked(activity, repeated=False)


async def _first(session: AsyncSession, repeated: Activity, report: ActivityReport) -> Activity:
    """The activity that had the reference first, if it tells of the same."""
    if repeated.reference is None:
        raise AssertionError("an activity without a reference met another one")
    first = await store.by_reference(session, repeated.account_id, repeated.reference)
    same = (
        (first.category, first.subcategory, first.co2_mg, first.quantity, first.unit)
        == (repeated.category, repeated.subcategory, repeated.co2_mg, repeated.quantity, repeated.unit)
    ) and report.occurred_at in {None, first.occurred_at}
    if not same:
        raise Conflict(
            f"The reference {repeated.reference!r} is that of {first.activity_id}, which tells of something else; "
            "send a new reference.",
            reference=repeated.reference,
            activityId=first.activity_id,
        )
    return first
