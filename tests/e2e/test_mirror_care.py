"""A running service verifies its own mirror, says when it drifted, and is repaired while it serves."""

import asyncio
import json
import time
from collections.abc import Callable

import asyncpg
import httpx
import pytest

from tests.e2e.flow import direct, issue
from tests.e2e.server import Server

PATIENCE_SECONDS = 60


UNREACHED = {"ethereum": {"rpc": "http://127.0.0.1:9"}}
"""A network none of whose nodes answers."""


def root(server: Server) -> str:
    """Where health, readiness and figures are."""
    return server.base.partition("/carbon-credit-micro")[0]


def figures(server: Server) -> dict[str, float]:
    """Every figure of the mirror, by its name and labels."""
    lines = httpx.get(f"{root(server)}/metrics").text.splitlines()
    told = (line.rpartition(" ") for line in lines if line.startswith(("ccm_mirror", "ccm_indexer")))
    return {name: float(value) for name, _, value in told}


def until(server: Server, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """The figures, as soon as it holds."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not holds(seen := figures(server)):
        assert time.monotonic() < ends, seen
        time.sleep(0.1)
    return seen


def drifted(seen: dict[str, float]) -> float:
    return sum(value for name, value in seen.items() if name.startswith("ccm_mirror_drift"))


def verified(seen: dict[str, float]) -> float:
    return seen.get('ccm_mirror_verified_timestamp_seconds{network="polygon"}', 0)


async def tamper(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE credit_holdings SET balance_kg = balance_kg + 1")
    await connection.close()


def test_a_mirror_that_drifts_is_found_out_and_repaired_while_it_serves(
    fresh_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCM_VERIFY_SECONDS", "1")
    monkeypatch.setenv("CCM_NETWORKS", json.dumps(UNREACHED))
    server = fresh_server
    server.start()
    issue(server, direct(server))
    balance = server.client("household").get("/credits/balance").must(200)
    assert drifted(until(server, lambda seen: verified(seen) > 0)) == 0
    assert figures(server)['ccm_indexer_head_lag_blocks{network="polygon"}'] <= 1
    assert figures(server)['ccm_indexer_stopped{network="ethereum"}'] == 0
    readiness = httpx.get(f"{root(server)}/ready")
    assert (readiness.status_code, readiness.json()["reasons"]) == (503, ["Nothing of ethereum is mirrored yet."])

    asyncio.run(tamper(server.accounts["databaseUrl"]))
    until(server, lambda seen: drifted(seen) > 0)
    log = [json.loads(line) for line in (server.data / "logs" / "ccm.log").read_text().splitlines()]
    told = next(line for line in log if "drifted" in line["message"])
    assert told["first"][0].startswith("credit_holdings 0x")

    rebuilt = server.run("indexer", "rebuild", "--from", str(told["rebuildFrom"]), "--json")
    assert rebuilt.returncode == 0, rebuilt.stderr
    tables = {each["table"]: each["changed"] for each in json.loads(rebuilt.stdout)["tables"]}
    assert tables["credit_holdings"] > 0
    assert tables["coin_holdings"] == 0
    until(server, lambda seen: drifted(seen) == 0)
    assert server.client("household").get("/credits/balance").must(200) == balance
    assert server.run("verify", "--all").returncode == 0
