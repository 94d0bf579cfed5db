"""Verifies the mirrors again and again beside the roles, in a process of its own: nothing waits for it."""

import asyncio
import json
import logging
import os
import sys
from collections import Counter
from typing import Any

from indexer.metrics import IndexerMetrics
from ledger.kernel.clock import now
from ledger.kernel.settings import Settings

log = logging.getLogger(__name__)


async def verify_regularly(settings: Settings, metrics: IndexerMetrics, stop: asyncio.Event) -> None:
    """Runs `ccm verify` on every followed network each `verify_seconds`; figures and log say what it found.

    A network that cannot be verified (its node does not answer) has not drifted: the time of its last verification
    stands still.
    """
    if not settings.verify_seconds:
        await stop.wait()
        return
    while not await _stops_within(stop, settings.verify_seconds):
        verification = asyncio.create_task(_verify(settings))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({verification, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not verification.done():
            verification.cancel()
            return
        told = verification.result()
        for verified in told["networks"]:
            _tell(verified, metrics)
        for each in told["unverified"]:
            log.warning("the mirror of %s could not be verified: %s", each["network"], each["message"])


def _tell(verified: dict[str, Any], metrics: IndexerMetrics) -> None:
    """Shows one network's verification as figures, and logs what drifted."""
    network, drifted = verified["network"], Counter[int]()
    for found in verified["findings"]:
        drifted[found["number"]] += len(found["drifts"])
    for number, rows in drifted.items():
        metrics.drift.labels(network, number).set(rows)
    metrics.verified.labels(network).set(int(now().timestamp()))
    if not verified["holds"]:
        drifts = [drift for found in verified["findings"] for drift in found["drifts"]]
        named = sorted({f"{drift['table']} {drift['key']}" for drift in drifts if drift["block"] is not None})
        facts = {"network": network, "rows": len(named), "first": named[:5], "rebuildFrom": verified["rebuildFrom"]}
        log.error("the mirror of %s drifted. %s", network, verified["remedy"], extra={"facts": facts})


async def _verify(settings: Settings) -> dict[str, Any]:
    """What `ccm verify` answers; nothing of any network where it came to no answer."""
    if settings.database_url is None:
        raise AssertionError("the database is embedded or given")
    where = {"DATABASE_URL": settings.database_url.get_secret_value(), "CCM_NETWORK": settings.network}
    if settings.blockchain_rpc is not None:
        where["BLOCKCHAIN_RPC"] = settings.blockchain_rpc
    chosen = (argument for network in settings.followed for argument in ("--network", network))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccm", "verify", "--json", *chosen),
        env=os.environ | where,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        answer, said = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    try:
        told: dict[str, Any] = json.loads(answer)
    except ValueError:
        log.warning("the mirrors could not be verified: %s", said.decode(errors="replace").strip()[-500:])
        return {"networks": [], "unverified": []}
    return told


async def _stops_within(stop: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
