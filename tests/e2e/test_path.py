"""The main job through HTTP: from a tracked trip to a retired kilogram and its certificate."""

from decimal import Decimal

from tests.e2e.flow import direct, issue, listing, purchase, retirement, trip
from tests.e2e.server import Server


def test_from_a_trip_to_a_certificate(server: Server) -> None:
    send, company, nobody = direct(server), server.client("company"), server.client()
    tracked = send(trip("2.5"))
    assert (tracked["co2Amount"], tracked["unit"]) == (Decimal("2.5"), "kg CO2e")

    minted = issue(server, send, kwh=200)
    assert minted["status"] == "confirmed"
    listed = send(listing("0.020", price="25.5"))
    bought = send(purchase(listed["listingId"], "0.015"))
    assert bought["totalPrice"] == Decimal("0.015") * Decimal("25.5")
    before = Decimal(company.get("/credits/balance").must(200)["balance"])
    retired = send(retirement("0.012"))
    assert Decimal(company.get("/credits/balance").must(200)["balance"]) == before - Decimal("0.012")

    pdf = nobody.get("/" + retired["certificate"][retired["certificate"].index("/carbon") :])
    assert (pdf.status, pdf.headers["content-type"], pdf.body[:5]) == (200, "application/pdf", b"%PDF-")
    books = company.get("/credits/transactions").must(200)["transactions"]
    for written in (bought, retired):
        assert [each["blockchainTx"] for each in books].count(written["blockchainTx"]) == 1


def test_the_same_kilograms_are_not_offered_twice(server: Server) -> None:
    send, household = direct(server), server.client("household")
    issue(server, send, kwh=200)
    free = household.get("/credits/balance").must(200)["available"]
    send(listing(str(free)))
    again = household.post("/trading/list", listing("0.001").body)
    assert again.status == 409
    error = again.json["error"]
    assert (error["number"], error["code"]) == (2001, "INSUFFICIENT_CREDITS")


def test_a_balance_is_the_sum_of_its_parts(server: Server) -> None:
    send = direct(server)
    issue(server, send, kwh=20)
    send(listing("0.004"))
    for role in ("household", "company"):
        balance = server.client(role).get("/credits/balance").must(200)
        assert balance["balance"] == sum(balance["breakdown"].values())
