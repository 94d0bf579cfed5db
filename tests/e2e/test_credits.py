"""A credit's life through the public door: claimed, cut down, buffered, held, retired, certified."""

import io
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pytest

from ledger.credits.commitment import commitment
from tests.e2e.flow import Send, claim, direct, issue, listing, mint, purchase, submission
from tests.e2e.server import Server
from tests.support.client import Client

TONNE = Decimal(1)


def certificate_text(server: Server, address: str) -> str:
    """What the certificate says, without any white space; read without a key."""
    answer = server.client().get("/" + urlsplit(address).path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    pages = pypdf.PdfReader(io.BytesIO(answer.body)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def verified_trees(server: Server, send: Send, trees: int, approved: str) -> Any:
    """Planted trees, of whose claim the verifier approves a part."""
    planted = claim()
    planted.body |= {"source": "tree_planting", "quantity": trees, "description": "Oaks"}
    earned = send(planted)
    handed_in = submission(earned, server.accounts["household"]["userId"])
    handed_in.body["source"] = "tree_planting"
    submitted = send(handed_in)
    body = {"decision": "approved", "amount": float(approved), "confidence": 0.9, "notes": "Some are saplings."}
    server.client("verifier").post(f"/verification/{submitted['verificationId']}/decision", body).must(201)
    return earned


def balance(client: Client) -> Any:
    """The wallet, whose parts always sum to it."""
    wallet = client.get("/credits/balance").must(200)
    assert sum(wallet["breakdown"].values()) == wallet["balance"]
    return wallet


def test_trees_leave_a_tenth_of_what_was_approved_in_the_buffer(server: Server) -> None:
    household, send = server.client("household"), direct(server)
    before = balance(household)["balance"]
    earned = verified_trees(server, send, 10, "0.2")
    assert earned["amount"] == Decimal("0.25")
    minted = send(mint(earned["creditId"]))
    assert (minted["status"], minted["amount"]) == ("confirmed", Decimal("0.2"))
    assert minted["creditedAmount"] + minted["bufferAmount"] == Decimal("0.2")
    assert minted["bufferAmount"] == Decimal("0.02")
    assert balance(household)["balance"] - before == minted["creditedAmount"]
    again = send(mint(earned["creditId"]))
    assert again["transactionHash"] == minted["transactionHash"]
    assert balance(household)["balance"] - before == minted["creditedAmount"]


def test_a_retirement_shows_the_name_and_proves_it(server: Server) -> None:
    company, send = server.client("company"), direct(server)
    issue(server, send)
    offered = send(listing("0.05", "11"))
    bought = send(purchase(offered["listingId"], "0.05"))
    name = "Grüne Bäckerei & Söhne"
    body = {"amount": 0.05, "reason": "corporate_offset", "beneficiary": name, "period": 2024, "note": "not shown"}
    retired = company.post("/credits/retire", body).must(201)
    assert (retired["status"], retired["permanent"]) == ("confirmed", True)

    text = certificate_text(server, retired["certificate"])
    for fact in ("".join(name.split()), "corporateoffset", "2024", "50kg", "WIA-Verifier-001", retired["blockchainTx"]):
        assert fact in text, fact
    assert "notshown" not in text

    parts = {label: bytes.fromhex(text.partition(f"{label}0x")[2][:64]) for label in ("COMMITMENT", "NONCE", "SALT")}
    chain_id = int(server.rpc("eth_chainId"), 16)
    contract, holder = (bytes.fromhex(each[2:]) for each in addresses(server))
    assert parts["COMMITMENT"] == commitment(
        chain_id=chain_id,
        contract=contract,
        holder=holder,
        nonce=parts["NONCE"],
        salt=parts["SALT"],
        beneficiary=name,
    )
    receipt = server.rpc("eth_getTransactionReceipt", retired["blockchainTx"])
    assert any(parts["COMMITMENT"].hex() in log["data"] for log in receipt["logs"])
    kinds = {each["id"]: each["type"] for each in company.get("/credits/transactions").must(200)["transactions"]}
    assert (kinds[bought["purchaseId"]], kinds[retired["retirementId"]]) == ("purchase", "retirement")


def addresses(server: Server) -> tuple[str, str]:
    return server.accounts["contracts"]["credit"], server.accounts["company"]["wallet"]


def test_who_names_nobody_shows_nobody(server: Server) -> None:
    household, send = server.client("household"), direct(server)
    issue(server, send)
    retired = household.post("/credits/retire", {"amount": 0.001, "reason": "event"}).must(201)
    text = certificate_text(server, retired["certificate"])
    assert "onbehalfof" not in text
    assert "SALT" not in text
    assert server.accounts["household"]["userId"] not in text


@pytest.mark.parametrize("name", ["RET-2020-999999999.pdf", "RET-1.pdf", "CRD-2025-000001.pdf", "x"])
def test_what_was_never_retired_has_no_certificate(server: Server, name: str) -> None:
    assert server.client().get(f"/certificates/{name}").status == 404


def test_pages_of_the_books_neither_skip_nor_repeat_while_more_comes_in(server: Server) -> None:
    household, send = server.client("household"), direct(server)
    for _ in range(3):
        issue(server, send, 10)
    before = [each["blockchainTx"] for each in household.get("/credits/transactions").must(200)["transactions"]]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query: dict[str, str | int] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = household.get("/credits/transactions", **query).must(200)
        seen += [each["blockchainTx"] for each in page["transactions"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        if len(seen) == 2:
            issue(server, send, 10)
    assert seen == before


def test_nobody_retires_what_is_on_offer(server: Server) -> None:
    household, send = server.client("household"), direct(server)
    issue(server, send)
    send(listing("0.002"))
    wallet = balance(household)
    assert wallet["available"] < wallet["balance"]
    refused = household.post("/credits/retire", {"amount": wallet["balance"], "reason": "other"})
    assert refused.must(409)["error"]["number"] == 2001
    assert refused.json["error"]["details"]["available"] == wallet["available"]
    assert balance(household) == wallet


@pytest.mark.parametrize(
    ("path", "body", "status", "number"),
    [
        ("/credits/earn", {"source": "alchemy"}, 400, 2004),
        ("/credits/earn", {"quantity": -1}, 422, 2002),
        ("/credits/earn", {"quantity": b"NaN"}, 422, 2002),
        ("/credits/earn", {"location": {"lat": 91, "lng": 0}}, 422, 2002),
        ("/credits/earn", {"timestamp": "2024-02-30T00:00:00Z"}, 422, 2002),
        ("/credits/earn", {"timestamp": "2099-01-01T00:00:00Z"}, 422, 2002),
        ("/credits/earn", {"quantity": 1}, 422, 2002),
        ("/credits/retire", {"amount": 0.0015}, 400, 1001),
        ("/credits/retire", {"amount": 0}, 400, 1001),
        ("/credits/retire", {"amount": "0.001"}, 400, 1001),
        ("/credits/retire", {"amount": 0.001, "reason": "because"}, 400, None),
        ("/credits/retire", {"amount": 0.001, "period": "2025-13"}, 400, None),
        ("/credits/retire", {"amount": 10**9}, 409, 2001),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    server: Server, path: str, body: dict[str, Any], status: int, number: int | None
) -> None:
    household = server.client("household")
    good = claim().body if path == "/credits/earn" else {"reason": "other"}
    sent: Any = good | body
    if body.get("quantity") == b"NaN":
        sent = b'{"source": "renewable_energy", "description": "x", "quantity": NaN}'
    before = balance(household)
    answer = household.post(path, sent)
    assert answer.must(status)["error"]["number"] == number
    assert balance(household) == before


def test_a_claim_is_made_once_under_its_key(server: Server) -> None:
    household, key = server.client("household"), uuid.uuid4().hex
    body = claim().body
    first, second = (household.post("/credits/earn", body, Idempotency_Key=key) for _ in range(2))
    assert first.must(201) == second.must(201)
    assert household.post("/credits/earn", body).status == 409  # the same evidence, under no key
