"""Kill -9 at the worst moments: nothing that was acknowledged is lost, and nothing is done twice."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ledger.kernel.faults import FAULT_POINTS
from tests.e2e.flow import (
    Act,
    claim,
    decision,
    listing,
    mint,
    purchase,
    retirement,
    submission,
    trip,
)
from tests.e2e.server import Server

DEATH_SECONDS = 20
PASSES = {"after_intent_committed": 3}
"""At which pass a point is deadly, where it is not the first: the third write on chain of a story is its purchase."""
ELSEWHERE = {"before_backfill_commit", "before_rebuild_commit"}
"""Points on an operator's way: tests/integration/indexer/test_added_contracts.py and test_rebuild.py die there."""
POINTS = [point for point in FAULT_POINTS if point not in ELSEWHERE]
DAY = "2024-03-05"


class Journal:
    """A client that writes down every answer, and sends again what was never answered."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.acts: list[Act] = []
        self._stories: list[tuple[Iterator[Act], Act]] = []

    def story(self, tonnes: str) -> Iterator[Act]:
        """From a trip to a retired kilogram; each act is given once its turn comes."""
        household = self.server.accounts["household"]["userId"]
        yield trip()
        yield (earned := claim())
        yield (submitted := submission(earned.answer, household))
        yield decision(submitted.answer, earned.answer["amount"])
        yield mint(earned.answer["creditId"])
        yield (listed := listing(tonnes))
        yield purchase(listed.answer["listingId"], tonnes)
        yield retirement(tonnes)

    def begin(self, tonnes: str) -> None:
        """One more story to tell."""
        story = self.story(tonnes)
        self._stories.append((story, next(story)))

    def go_on(self) -> bool:
        """Goes on where the connection broke, act by act; whether all stories were told to their end."""
        clients = {role: self.server.client(role) for role in ("household", "company", "verifier")}
        while self._stories:
            story, act = self._stories[0]
            if not act.attempt(clients[act.role]):
                return False
            self.acts.append(act)
            following = next(story, None)
            self._stories[:1] = [] if following is None else [(story, following)]
        return True

    def answers(self, path: str) -> list[Any]:
        return [act.answer for act in self.acts if act.path == path]


def rewind(server: Server, journal: Journal) -> None:
    """A reorg under the story, unless the kill before made one already: then the start ends where it rewinds."""
    with suppress(httpx.TransportError), server.reorganised():
        journal.go_on()


@pytest.mark.timeout(480)
def test_each_acknowledged_effect_is_there_once_whatever_point_the_process_died_at(fresh_server: Server) -> None:
    server = fresh_server
    server.start()
    server.stop()
    journal = Journal(server)

    for point in POINTS:
        journal.begin("0.010")
        server.start(fault=f"{point}:{PASSES.get(point, 1)}")
        if point == "before_rewind_commit":
            rewind(server, journal)
        else:
            journal.go_on()
        assert server.died(DEATH_SECONDS), f"{point} did not end the process"
        assert server.errors.count(f"fault point reached: {point}") == 1
        server.kill()

    server.start()
    assert journal.go_on(), "the stories could not be ended after the last restart"
    compare(server, journal)
    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert server.stop() == 0


def compare(server: Server, journal: Journal) -> None:
    """The journal against what the accounts see."""
    household, company = server.client("household"), server.client("company")
    tracked = [answer["activityId"] for answer in journal.answers("/footprint/track")]
    day = household.get(f"/footprint/daily/{DAY}").must(200)
    assert Counter(activity["activityId"] for activity in day["activities"]) == dict.fromkeys(tracked, 1)
    assert day["totalEmissions"] == sum(activity["co2Amount"] for activity in day["activities"])

    bought = sum((Decimal(answer["amount"]) for answer in journal.answers("/trading/buy")), Decimal(0))
    retired = sum((Decimal(answer["amount"]) for answer in journal.answers("/credits/retire")), Decimal(0))
    minted = len(journal.answers("/blockchain/mint")) * Decimal("0.1")
    settle(lambda: Decimal(company.get("/credits/balance").must(200)["balance"]) == bought - retired)
    settle(lambda: Decimal(household.get("/credits/balance").must(200)["balance"]) == minted - bought)

    for client, path, name in (
        (company, "/trading/buy", "purchaseId"),
        (company, "/credits/retire", "retirementId"),
    ):
        ids = [answer[name] for answer in journal.answers(path)]
        assert len(ids) == len(set(ids)) == len(POINTS)
        prefix = ids[0][:4]
        assert Counter(each["id"] for each in transactions(client) if each["id"].startswith(prefix)) == dict.fromkeys(
            ids, 1
        )


def transactions(client: Any) -> list[Any]:
    """All of them, page by page."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/credits/transactions", limit=5, **cursor).must(200)
        found += page["transactions"]
        if not page.get("nextCursor"):
            return found
        cursor = {"cursor": page["nextCursor"]}


def settle(reached: Any, seconds: float = 20) -> None:
    """Waits until the mirror shows it."""
    ends = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < ends, "the mirror never got there"
        time.sleep(0.05)
