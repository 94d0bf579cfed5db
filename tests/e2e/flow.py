"""The acts of a household, a company and a verifier, each under an idempotency key that may be sent again."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.server import Server
from tests.support.client import Client

WRITTEN = (200, 201, 202)


@dataclass
class Act:
    """A write that some account wants done once."""

    role: str
    path: str
    body: dict[str, Any]
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    answer: Any = None

    def attempt(self, client: Client) -> bool:
        """Sends it; whether it was answered. A connection that breaks leaves it unknown."""
        try:
            self.answer = client.post(self.path, self.body, Idempotency_Key=self.key).must(*WRITTEN)
        except httpx.TransportError:
            return False
        return True


def trip(kilograms: str = "1.25") -> Act:
    """A tracked trip with an amount of its own."""
    body = {"category": "transportation", "co2Amount": float(kilograms), "timestamp": "2024-03-05T12:00:00Z"}
    return Act("household", "/footprint/track", body)


def claim(kwh: int = 200) -> Act:
    """A solar export at .5 kg a kWh."""
    body = {
        "source": "renewable_energy",
        "description": "Solar export",
        "quantity": kwh,
        "proof": f"ipfs://Qm{uuid.uuid4().hex}",
        "timestamp": "2024-06-01T03:00:00Z",
        "location": {"lat": 37.5, "lng": 127.0},
    }
    return Act("household", "/credits/earn", body)


def submission(earned: Any, claimant: str) -> Act:
    """The claim with evidence, to its verifier."""
    evidence = [
        {"type": "iot_data", "url": "ipfs://Qm1", "hash": uuid.uuid4().hex * 2, "timestamp": "2024-06-02T00:00:00Z"}
    ]
    body = {
        "creditId": earned["creditId"],
        "claimantId": claimant,
        "source": "renewable_energy",
        "amount": earned["amount"],
        "evidence": evidence,
    }
    return Act("household", "/verification/submit", body)


def decision(submitted: Any, tonnes: Any) -> Act:
    """The verifier's approval of all of it."""
    body = {"decision": "approved", "amount": tonnes, "confidence": 0.95, "notes": "Meter data checked."}
    return Act("verifier", f"/verification/{submitted['verificationId']}/decision", body)


def mint(credit_id: str) -> Act:
    return Act("household", "/blockchain/mint", {"creditId": credit_id, "network": "polygon"})


def listing(tonnes: str, price: str = "25.5") -> Act:
    body = {
        "amount": float(tonnes),
        "pricePerCredit": float(price),
        "currency": "USD",
        "minPurchase": 0.001,
        "expiresAt": "2099-01-01T00:00:00Z",
    }
    return Act("household", "/trading/list", body)


def purchase(listing_id: str, tonnes: str) -> Act:
    return Act("company", "/trading/buy", {"listingId": listing_id, "amount": float(tonnes)})


def retirement(tonnes: str) -> Act:
    body = {"amount": float(tonnes), "reason": "corporate_offset", "note": "Q1", "period": "2024"}
    return Act("company", "/credits/retire", body)


Send = Callable[[Act], Any]


def direct(server: Server) -> Send:
    """Sends an act and gives its answer; for tests in which nothing dies."""
    clients = {role: server.client(role) for role in ("household", "company", "verifier")}

    def send(act: Act) -> Any:
        assert act.attempt(clients[act.role])
        return act.answer

    return send


def issue(server: Server, send: Send, kwh: int = 200) -> Any:
    """From a claim to an issued credit; the mint's answer."""
    earned = send(claim(kwh))
    submitted = send(submission(earned, server.accounts["household"]["userId"]))
    send(decision(submitted, earned["amount"]))
    return send(mint(earned["creditId"]))
