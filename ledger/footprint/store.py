"""The SQL of activities and of the days that they sum to."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import BigInteger, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.footprint.models import Activity, FootprintDay
from ledger.kernel.units import Co2e


async def add_activity(session: AsyncSession, activity: Activity) -> bool:
    """Adds the activity, unless the account has one of the same reference; says which."""
    columns = [column.key for column in Activity.__table__.columns if column.key != "recorded_at"]
    added = await session.execute(
        insert(Activity)
        .values({column: getattr(activity, column) for column in columns})
        .on_conflict_do_nothing(
            index_elements=[Activity.account_id, Activity.reference], index_where=text("reference IS NOT NULL")
        )
        .returning(Activity.activity_id)
    )
    return added.scalar_one_or_none() is not None


async def by_reference(session: AsyncSession, account_id: int, reference: str) -> Activity:
    """The account's activity of this reference, which is known to exist."""
    found = await session.execute(
        select(Activity).where(Activity.account_id == account_id, Activity.reference == reference)
    )
    return found.scalar_one()


async def add_to_day(session: AsyncSession, activity: Activity) -> None:
    """Counts the activity into its day."""
    row = insert(FootprintDay).values(
        account_id=activity.account_id,
        day=activity.day,
        category=activity.category,
        co2_mg=activity.co2_mg,
        activities=1,
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[FootprintDay.account_id, FootprintDay.day, FootprintDay.category],
            set_={
                "co2_mg": FootprintDay.co2_mg + row.excluded.co2_mg,
                "activities": FootprintDay.activities + row.excluded.activities,
            },
        )
    )


async def activities_of(session: AsyncSession, account_id: int, day: date) -> Sequence[Activity]:
    """The day's activities, in the order in which they happened."""
    found = await session.execute(
        select(Activity)
        .where(Activity.account_id == account_id, Activity.day == day)
        .order_by(Activity.occurred_at, Activity.activity_id)
    )
    return found.scalars().all()


async def day_sums(session: AsyncSession, account_id: int, first: date, last: date) -> dict[date, Co2e]:
    """What each recorded day from the first to the last sums to, in order."""
    sums = await session.execute(
        select(FootprintDay.day, func.sum(FootprintDay.co2_mg).cast(BigInteger))
        .where(FootprintDay.account_id == account_id, FootprintDay.day.between(first, last))
        .group_by(FootprintDay.day)
        .order_by(FootprintDay.day)
    )
    return {day: Co2e(int(co2_mg)) for day, co2_mg in sums}
