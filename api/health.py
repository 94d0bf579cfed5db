"""Whether the process lives, whether it can serve, and its figures. At the root, for orchestrators and Prometheus."""

from datetime import datetime
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import PUBLIC
from api.metrics import MEDIA_TYPE
from api.services import Services
from ledger.accounts import count_accounts
from ledger.chain.following import Following
from ledger.chain.models import Chain, ChainBlock


@get("/health", opt=PUBLIC, include_in_schema=False)
async def health() -> dict[str, str]:
    """The process answers, so it lives."""
    return {"status": "ok"}


@get("/ready", opt=PUBLIC, include_in_schema=False)
async def ready(
    session: NamedDependency[AsyncSession], services: NamedDependency[Services]
) -> Response[dict[str, Any]]:
    """The database answers, the chain is mirrored up to a block that is told, and no mirror is too far behind."""
    chain_id = services.network.chain_id
    next_block = (
        await session.execute(select(Chain.next_block).where(Chain.chain_id == chain_id))
    ).scalar_one_or_none()
    if next_block is None:
        return _unready("starting", {"mirror": None})
    newest = (
        select(ChainBlock.block_time).where(ChainBlock.chain_id == chain_id).order_by(ChainBlock.block_number.desc())
    )
    block_time = (await session.execute(newest.limit(1))).scalar_one_or_none()
    moment = services.clock()
    mirror = {
        "network": services.network.name,
        "blockNumber": next_block - 1,
        "blockTime": block_time,
        "lagSeconds": None if block_time is None else max(0, int((moment - block_time).total_seconds())),
    }
    for following in services.following:
        if following.network == services.network.name and following.looked_at is not None:
            mirror |= {"lagBlocks": following.lag_blocks(), "lagSeconds": following.lag_seconds(moment)}
    stopped = [each.stopped.message for each in services.following if each.stopped is not None]
    reasons = stopped + [why for each in services.following if (why := _too_far_behind(each, services, moment))]
    if reasons:
        return _unready("stopped" if stopped else "lagging", {"mirror": mirror, "reasons": reasons})
    return Response({"status": "ready", "database": "ok", "mirror": mirror})


def _unready(status: str, facts: dict[str, Any]) -> Response[dict[str, Any]]:
    return Response({"status": status, "database": "ok", **facts}, status_code=503, headers={"Retry-After": "1"})


def _too_far_behind(following: Following, services: Services, moment: datetime) -> str | None:
    """Why what the mirror of a network shows is too old to be served; None where it is not."""
    blocks, seconds = following.lag_blocks(), following.lag_seconds(moment)
    most_blocks, most_seconds = services.settings.ready_lag_blocks, services.settings.ready_lag_seconds
    if following.stopped is not None or blocks is None or seconds is None:
        return None
    if blocks <= most_blocks and seconds <= most_seconds:
        return None
    return (
        f"The mirror of {following.network} is {blocks} blocks and {seconds} s behind the chain; it serves up to "
        f"{most_blocks} blocks and {most_seconds} s."
    )


@get("/metrics", opt=PUBLIC, include_in_schema=False)
async def metrics(session: NamedDependency[AsyncSession], services: NamedDependency[Services]) -> Response[bytes]:
    """All figures in Prometheus' text format."""
    services.metrics.active_users.set(await count_accounts(session))
    return Response(services.metrics.exposition(), media_type=MEDIA_TYPE)
