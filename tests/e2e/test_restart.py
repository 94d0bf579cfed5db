"""A stop and a start, or a kill -9 of the whole tree: everything is still there, and nothing stays behind."""

import subprocess

from tests.e2e.flow import direct, issue, listing, trip
from tests.e2e.server import Server


def processes_of(server: Server) -> list[str]:
    """Command lines that name the data folder."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)  # noqa: S607  # found by PATH
    return [line for line in listed.stdout.splitlines() if str(server.data) in line and " ps " not in line]


def test_a_stop_and_a_kill_lose_nothing_and_leave_nothing_behind(fresh_server: Server) -> None:
    server = fresh_server
    server.start()
    accounts = server.accounts
    send = direct(server)
    issue(server, send)
    send(listing("0.010"))
    send(trip("3.5"))
    before = seen(server)

    assert server.stop() == 0
    assert processes_of(server) == []
    server.start()
    assert {role: server.accounts[role] for role in ("household", "company", "verifier", "operator")} == {
        role: accounts[role] for role in ("household", "company", "verifier", "operator")
    }
    assert server.accounts["contracts"] == accounts["contracts"]
    assert seen(server) == before

    server.kill()
    server.start()
    assert seen(server) == before
    assert server.run("verify").returncode == 0
    assert server.run("down").returncode == 0
    assert server.died(30)
    assert processes_of(server) == []


def seen(server: Server) -> tuple[object, ...]:
    """What the household sees of itself."""
    household = server.client("household")
    return (
        household.get("/credits/balance").must(200)["breakdown"],
        household.get("/credits/transactions").must(200)["transactions"],
        household.get("/footprint/daily/2024-03-05").must(200),
        household.get("/trading/listings").must(200),
    )
