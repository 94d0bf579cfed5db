"""Whether the process lives, whether it can serve, and its figures. At the root, for orchestrators and Prometheus."""

from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from api.answers import ExactResponse
from api.auth import PUBLIC
from api.edge import Application
from api.metrics import MEDIA_TYPE
from api.problems import HANDLERS
from api.vitals import WORST_FIRST, Vitals


def create_health_app(vitals: Vitals) -> Application:
    """These routes and no others, for a process that serves nothing else."""
    return Application(
        route_handlers=[health_routes(vitals)],
        exception_handlers=HANDLERS,
        openapi_config=None,
        response_class=ExactResponse,
        logging_config=None,
    )


def health_routes(vitals: Vitals) -> Router:
    """The routes, about these vitals."""
    provided = Provide(lambda: vitals, sync_to_thread=False)
    return Router("/", route_handlers=[health, ready, metrics], dependencies={"vitals": provided})


@get("/health", opt=PUBLIC, include_in_schema=False)
async def health() -> dict[str, str]:
    """The process answers, so it lives."""
    return {"status": "ok"}


@get("/ready", opt=PUBLIC, include_in_schema=False)
async def ready(vitals: NamedDependency[Vitals]) -> Response[dict[str, Any]]:
    """The database answers, every chain is mirrored up to a block that is told, and no mirror is too far behind."""
    states = await vitals.mirrors()
    body: dict[str, Any] = {"database": "ok", "mirrors": [{**each.facts, "status": each.status} for each in states]}
    reasons = [each.reason for each in states if each.reason is not None]
    if not reasons:
        return Response({"status": "ready", **body})
    statuses = {each.status for each in states}
    worst = next(status for status in WORST_FIRST if status in statuses)
    return Response({"status": worst, **body, "reasons": reasons}, status_code=503, headers={"Retry-After": "1"})


@get("/metrics", opt=PUBLIC, include_in_schema=False)
async def metrics(vitals: NamedDependency[Vitals]) -> Response[bytes]:
    """All figures in Prometheus' text format."""
    async with vitals.sessions() as session:
        return Response(await vitals.figures.exposition(session), media_type=MEDIA_TYPE)
