"""Whether the process lives, whether it can serve, and its figures. At the root, for orchestrators and Prometheus."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import PUBLIC
from api.metrics import MEDIA_TYPE
from api.services import Services
from ledger.accounts import count_accounts
from ledger.chain.models import Chain, ChainBlock


@get("/health", opt=PUBLIC, include_in_schema=False)
async def health() -> dict[str, str]:
    """The process answers, so it lives."""
    return {"status": "ok"}


@get("/ready", opt=PUBLIC, include_in_schema=False)
async def ready(
    session: NamedDependency[AsyncSession], services: NamedDependency[Services]
) -> Response[dict[str, Any]]:
    """The database answers, and the chain is mirrored up to a block that is told."""
    chain_id = services.network.chain_id
    next_block = (
        await session.execute(select(Chain.next_block).where(Chain.chain_id == chain_id))
    ).scalar_one_or_none()
    if next_block is None:
        waiting = {"status": "starting", "database": "ok", "mirror": None}
        return Response(waiting, status_code=503, headers={"Retry-After": "1"})
    newest = (
        select(ChainBlock.block_time).where(ChainBlock.chain_id == chain_id).order_by(ChainBlock.block_number.desc())
    )
    block_time = (await session.execute(newest.limit(1))).scalar_one_or_none()
    mirror = {
        "network": services.network.name,
        "blockNumber": next_block - 1,
        "blockTime": block_time,
        "lagSeconds": None if block_time is None else max(0, int((services.clock() - block_time).total_seconds())),
    }
    return Response({"status": "ready", "database": "ok", "mirror": mirror})


@get("/metrics", opt=PUBLIC, include_in_schema=False)
async def metrics(session: NamedDependency[AsyncSession], services: NamedDependency[Services]) -> Response[bytes]:
    """All figures in Prometheus' text format."""
    services.metrics.active_users.set(await count_accounts(session))
    return Response(services.metrics.exposition(), media_type=MEDIA_TYPE)
