"""The service is ready as long as what it shows is new enough, and says why when it is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from indexer.metrics import Monitor
from ledger.chain.chunk import Block
from ledger.chain.following import Following
from ledger.kernel.clock import now
from ledger.kernel.errors import CcmError, Conflict
from tests.support.api import Served, listening

MOMENT = now()


def following(**seen: Any) -> Following:
    """An indexer that has mirrored all of ten blocks and looked just now, but for what is given."""
    up_to_date: dict[str, Any] = {
        "head_block": 10,
        "head_time": MOMENT,
        "looked_at": MOMENT,
        "next_block": 11,
        "mirrored_time": MOMENT,
    }
    return Following("polygon", **(up_to_date | seen))


async def ready(api: Served, *states: Following) -> tuple[int, dict[str, Any]]:
    services = replace(api.services, following=states, clock=lambda: MOMENT)
    async with (
        listening(services) as port,
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/ready") as answer,
    ):
        return answer.status, await answer.json()


async def test_a_mirror_at_the_head_is_served_however_long_ago_the_last_block_was(api: Served) -> None:
    long_ago = MOMENT - timedelta(hours=5)
    status, body = await ready(api, following(head_time=long_ago, mirrored_time=long_ago))
    assert (status, body["status"]) == (200, "ready")
    (mirror,) = body["mirrors"]
    assert (mirror["lagBlocks"], mirror["lagSeconds"]) == (0, 0)


async def test_a_few_blocks_behind_are_served(api: Served) -> None:
    status, body = await ready(api, following(head_block=12, head_time=MOMENT + timedelta(seconds=4)))
    (mirror,) = body["mirrors"]
    assert (status, mirror["lagBlocks"], mirror["lagSeconds"]) == (200, 2, 4)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"head_block": 10 + 65}, "65 blocks and 0 s behind"),
        ({"head_block": 11, "head_time": MOMENT + timedelta(seconds=61)}, "1 blocks and 61 s behind"),
        ({"looked_at": MOMENT - timedelta(seconds=61)}, "0 blocks and 61 s behind"),
    ],
    ids=["too many blocks behind", "too old a block", "a chain that has not answered for too long"],
)
async def test_too_far_behind_is_not_ready_and_the_body_says_why(
    api: Served, seen: dict[str, Any], reason: str
) -> None:
    status, body = await ready(api, following(**seen))
    assert (status, body["status"]) == (503, "lagging")
    (told,) = body["reasons"]
    assert reason in told
    assert "up to 64 blocks and 60 s" in told


async def test_a_chain_that_is_followed_no_longer_is_not_ready(api: Served) -> None:
    stopped: CcmError = Conflict("Event Transfer cannot be taken in.")
    status, body = await ready(api, following(stopped=stopped))
    assert (status, body["status"]) == (503, "stopped")
    assert body["reasons"] == [f"polygon is followed no longer: {stopped.message}"]


async def test_one_network_that_is_not_ready_is_told_apart_from_one_that_is(api: Served) -> None:
    status, body = await ready(api, following(), Following("ethereum"))
    assert (status, body["status"]) == (503, "starting")
    assert {each["network"]: each["status"] for each in body["mirrors"]} == {"polygon": "ready", "ethereum": "starting"}
    assert body["reasons"] == ["Nothing of ethereum is mirrored yet."]


async def test_a_chain_of_which_no_node_has_answered_since_the_start_is_not_ready_for_long(api: Served) -> None:
    status, _ = await ready(api, Following("polygon", leads_since=MOMENT - timedelta(seconds=60)))
    assert status == 200
    status, body = await ready(api, Following("polygon", leads_since=MOMENT - timedelta(seconds=61)))
    assert (status, body["status"]) == (503, "lagging")
    assert "No node of polygon has answered for 61 s" in body["reasons"][0]


async def test_a_network_that_another_process_follows_is_ready_here(api: Served) -> None:
    monitor = Monitor("polygon")
    monitor.leads()
    monitor.looked(Block(500, bytes(32), bytes(32), MOMENT - timedelta(hours=1)), 1)
    assert (await ready(api, monitor.following))[0] == 503
    monitor.stands_by()
    status, body = await ready(api, monitor.following)
    assert (status, body["mirrors"][0]["blockNumber"]) == (200, 0)
