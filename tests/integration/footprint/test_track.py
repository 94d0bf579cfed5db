"""Tracking: an activity, its day and its event come together, and a reference counts once."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from ledger.accounts import Account
from ledger.db.session import Sessions
from ledger.events.models import OutboxEvent
from ledger.footprint import Activity, ActivityReport, Tracked, daily, history, track
from ledger.footprint.models import FootprintDay
from ledger.kernel.clock import Clock
from ledger.kernel.errors import Conflict, InvalidEmissionData
from ledger.kernel.units import Co2e

DAY = date(2024, 3, 5)
DRIVE = ActivityReport(
    category="transportation",
    subcategory="car",
    distance=Decimal(25),
    fuel_type="gasoline",
    occurred_at=datetime(2024, 3, 5, 8, 30, tzinfo=UTC),
)
METERED = replace(DRIVE, category="energy", subcategory="electricity", distance=None, consumption=Decimal("15.5"))


async def tracked(sessions: Sessions, account: Account, report: ActivityReport, clock: Clock) -> Tracked:
    async with sessions() as session, session.begin():
        return await track(session, account, report, clock)


async def count(sessions: Sessions, rows: type[Activity | FootprintDay | OutboxEvent]) -> int:
    async with sessions() as session:
        return (await session.execute(select(func.count()).select_from(rows))).scalar_one()


async def test_a_trip_is_kept_with_its_factor_its_day_and_its_event(
    sessions: Sessions, household: Account, clock: Clock
) -> None:
    made = (await tracked(sessions, household, DRIVE, clock)).activity
    async with sessions() as session:
        kept = (await session.execute(select(Activity))).scalar_one()
        day = (await session.execute(select(FootprintDay))).scalar_one()
        event = (await session.execute(select(OutboxEvent).where(OutboxEvent.name == "emission.tracked"))).scalar_one()
    assert (kept.activity_id, kept.co2_mg.kg, kept.factor_id) == (
        made.activity_id,
        Decimal("5.25"),
        "wia-1.0:car_gasoline",
    )
    assert (kept.quantity, kept.unit, kept.verification_method) == (Decimal(25), "km", "self_reported")
    assert not kept.verified
    assert (day.day, day.category, day.co2_mg, day.activities) == (DAY, "transportation", kept.co2_mg, 1)
    assert event.aggregate == household.public_id
    assert event.data == {
        "activityId": kept.activity_id,
        "userId": household.public_id,
        "category": "transportation",
        "co2Mg": 5_250_000,
        "verified": False,
        "timestamp": "2024-03-05T08:30:00Z",
    }


async def test_nothing_is_kept_of_a_report_whose_transaction_ends_badly(
    sessions: Sessions, household: Account, clock: Clock
) -> None:
    async with sessions() as session:
        await track(session, household, DRIVE, clock)
        await session.rollback()
    assert await count(sessions, Activity) == await count(sessions, FootprintDay) == 0


async def test_an_activity_without_a_time_happened_now(sessions: Sessions, household: Account, clock: Clock) -> None:
    made = await tracked(sessions, household, replace(DRIVE, occurred_at=None), clock)
    assert (made.activity.occurred_at, made.activity.day) == (clock(), clock().date())


async def test_an_activity_counts_for_its_day_in_utc(sessions: Sessions, household: Account, clock: Clock) -> None:
    evening = datetime(2024, 3, 5, 23, 59, 59, 999_999, tzinfo=UTC)
    await tracked(sessions, household, replace(DRIVE, occurred_at=evening), clock)
    async with sessions() as session:
        assert len((await daily(session, household.account_id, DAY)).activities) == 1


async def test_the_same_reference_again_is_the_same_activity(
    sessions: Sessions, household: Account, clock: Clock
) -> None:
    sent = replace(DRIVE, reference="trip-1")
    first = await tracked(sessions, household, sent, clock)
    again = await tracked(sessions, household, sent, clock)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.activity.activity_id == first.activity.activity_id
    async with sessions() as session:
        assert (await daily(session, household.account_id, DAY)).total == Co2e.from_kg(Decimal("5.25"))


async def test_a_reference_sent_by_eight_at_once_counts_once(
    sessions: Sessions, household: Account, clock: Clock
) -> None:
    sent = replace(DRIVE, reference="trip-1")
    made = await asyncio.gather(*(tracked(sessions, household, sent, clock) for _ in range(8)))
    assert len({each.activity.activity_id for each in made}) == 1
    assert [each.repeated for each in made].count(False) == 1
    async with sessions() as session:
        day = (await session.execute(select(FootprintDay))).scalar_one()
    assert (day.co2_mg.kg, day.activities) == (Decimal("5.25"), 1)


async def test_a_reference_is_not_used_for_something_else(sessions: Sessions, household: Account, clock: Clock) -> None:
    sent = replace(DRIVE, reference="trip-1")
    await tracked(sessions, household, sent, clock)
    for other in (
        replace(sent, distance=Decimal(26)),
        replace(METERED, reference="trip-1"),
        replace(sent, occurred_at=datetime(2024, 3, 6, tzinfo=UTC)),
    ):
        with pytest.raises(Conflict, match="trip-1"):
            await tracked(sessions, household, other, clock)
    assert await count(sessions, Activity) == 1


async def test_two_accounts_may_use_the_same_reference(
    sessions: Sessions, household: Account, company: Account, clock: Clock
) -> None:
    sent = replace(DRIVE, reference="trip-1")
    made = [await tracked(sessions, account, sent, clock) for account in (household, company)]
    assert [each.repeated for each in made] == [False, False]


async def test_only_a_company_may_emit_more_than_ten_tonnes_at_once(
    sessions: Sessions, household: Account, company: Account, clock: Clock
) -> None:
    much = ActivityReport(category="waste", co2_kg=Decimal("10000.001"))
    with pytest.raises(InvalidEmissionData):
        await tracked(sessions, household, much, clock)
    await tracked(sessions, company, much, clock)
    assert await count(sessions, Activity) == 1


async def test_activities_at_once_are_all_counted(sessions: Sessions, household: Account, clock: Clock) -> None:
    reports = [DRIVE, METERED] * 10
    await asyncio.gather(*(tracked(sessions, household, report, clock) for report in reports))
    async with sessions() as session:
        day = await daily(session, household.account_id, DAY)
        rollup = await history(session, household.account_id, DAY, DAY)
    assert day.total.kg == rollup.total.kg == Decimal("112.175")
    assert {category: co2.kg for category, co2 in day.categories.items()} == {
        "transportation": Decimal("52.5"),
        "energy": Decimal("59.675"),
    }


async def test_a_day_is_compared_with_the_one_before(sessions: Sessions, household: Account, clock: Clock) -> None:
    await tracked(sessions, household, DRIVE, clock)
    await tracked(sessions, household, replace(METERED, occurred_at=datetime(2024, 3, 4, tzinfo=UTC)), clock)
    async with sessions() as session:
        assert (await daily(session, household.account_id, DAY)).previous_day_difference_kg == Decimal("-0.7175")
        empty = await daily(session, household.account_id, date(2024, 3, 6))
    assert (empty.total, empty.activities, empty.previous_day_difference_kg) == (0, [], Decimal("-5.25"))


async def test_history_sums_the_days_of_one_account(
    sessions: Sessions, household: Account, company: Account, clock: Clock
) -> None:
    for day in (1, 2, 31):
        moment = datetime(2024, 3, day, 10, tzinfo=UTC)
        await tracked(sessions, household, replace(DRIVE, occurred_at=moment), clock)
        await tracked(sessions, household, replace(METERED, occurred_at=moment), clock)
    await tracked(sessions, company, DRIVE, clock)
    async with sessions() as session:
        found = await history(session, household.account_id, date(2024, 3, 1), date(2024, 3, 30))
    assert {day: co2.kg for day, co2 in found.periods.items()} == {
        date(2024, 3, 1): Decimal("11.2175"),
        date(2024, 3, 2): Decimal("11.2175"),
    }
    assert (found.total.kg, found.average_daily_kg) == (Decimal("22.435"), Decimal("0.747833"))


async def test_the_database_itself_refuses_a_negative_emission(
    sessions: Sessions, household: Account, clock: Clock
) -> None:
    await tracked(sessions, household, DRIVE, clock)
    async with sessions() as session:
        with pytest.raises(Exception, match="co2_mg_non_negative"):
            await session.execute(text("UPDATE activities SET co2_mg = -1"))
