"""Two reorgs of three blocks in the middle of the path: what was taken back comes again, once, and mirror is right."""

from decimal import Decimal
from typing import Any

from tests.e2e.flow import direct, issue, listing, purchase, retirement
from tests.e2e.server import Server
from tests.e2e.test_kills import settle


def balance(server: Server, role: str) -> Decimal:
    answer: dict[str, Any] = server.client(role).get("/credits/balance").must(200)
    return Decimal(answer["balance"])


def rewound(server: Server) -> bool:
    """Whether the mirror has left the blocks that the chain took back: nothing else would equal the chain."""
    return server.run("verify").returncode == 0


def test_the_path_survives_two_reorgs(fresh_server: Server) -> None:
    server = fresh_server
    server.start()
    send = direct(server)

    with server.reorganised():
        issue(server, send)
        listed = send(listing("0.060"))
        send(purchase(listed["listingId"], "0.040"))
    settle(lambda: rewound(server))
    settle(lambda: balance(server, "company") == Decimal("0.040"))
    settle(lambda: balance(server, "household") == Decimal("0.060"))

    with server.reorganised():
        send(purchase(listed["listingId"], "0.010"))
        send(retirement("0.030"))
        issue(server, send, kwh=20)
    settle(lambda: rewound(server))
    settle(lambda: balance(server, "company") == Decimal("0.020"))
    settle(lambda: balance(server, "household") == Decimal("0.060"))

    send(retirement("0.020"))
    assert balance(server, "company") == 0
    offers = server.client("company").get("/trading/listings").must(200)["listings"]
    assert [(each["listingId"], each["amount"]) for each in offers] == [(listed["listingId"], Decimal("0.010"))]
    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert server.stop() == 0
