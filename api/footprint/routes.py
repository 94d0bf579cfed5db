from dataclasses import replace

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from api.days import asked_day
from api.footprint.calculation import Calculated
from api.footprint.schemas import ActivityRequest, DailyFootprint, FootprintHistory, TrackedActivity
from api.requests import bad_body
from api.services import Services
from api.writes import Writer
from ledger import footprint
from ledger.accounts import Account
from ledger.footprint import Granularity
from ledger.kernel.errors import InvalidEmissionData


class FootprintController(Controller):
    """What the caller emits."""

    path = "/footprint"
    tags = ("footprint",)

    @post("/track", summary="Record an activity", opt=bad_body(InvalidEmissionData))
    async def track(
        self,
        data: JSONBody[ActivityRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[TrackedActivity]:
        """Measures the activity by a factor, or takes the stated amount, and counts it into its day."""
        recorded: list[str] = []

        async def command(session: AsyncSession) -> TrackedActivity:
            tracked = await footprint.track(session, caller, data.report(), services.clock)
            if not tracked.repeated:
                recorded.append(tracked.activity.category)
            return TrackedActivity.of(tracked.activity)

        answer = await writer.perform(command, TrackedActivity)
        for category in recorded:  # only what was committed counts
            services.metrics.emissions_tracked.labels(category=category).inc()
        return answer

    @get("/daily/{day:str}", summary="One day")
    async def daily(
        self, day: FromPath[str], caller: NamedDependency[Account], session: NamedDependency[AsyncSession]
    ) -> DailyFootprint:
        """A day in UTC: its activities, their sums, and the difference from the day before."""
        return DailyFootprint.of(await footprint.daily(session, caller.account_id, asked_day("date", day)))

    @get("/history", summary="Many days")
    async def history(
        self,
        start: FromQuery[str],
        end: FromQuery[str],
        caller: NamedDependency[Account],
        session: NamedDependency[AsyncSession],
        granularity: FromQuery[Granularity] = "daily",
    ) -> FootprintHistory:
        """The days from start to end, both counted, by day, by week (its Monday) or by month (its first)."""
        first, last = asked_day("start", start), asked_day("end", end)
        return FootprintHistory.of(await footprint.history(session, caller.account_id, first, last, granularity))

    @post("/calculate", summary="What an activity would emit", status_code=200, opt=bad_body(InvalidEmissionData))
    async def calculate(self, data: JSONBody[ActivityRequest], caller: NamedDependency[Account]) -> Calculated:
        """The same measuring as of `track`, with the factors that it rests on. Nothing is stored."""
        report = replace(data.report(), co2_kg=None)
        return Calculated.of(footprint.assess(report, footprint.shipped(), personal=caller.kind == "person"))
