"""What everything off chain binds to: the committed artifacts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "contracts" / "artifacts"
CONTRACTS = (
    "CarbonCredit",
    "CarbonMarket",
    "RecordAnchor",
    "Relay",
    "RetirementCertificate",
    "RoleManager",
    "StandardAdapter",
    "TestDollar",
)

#: What the mirror rebuilds all state from, without a call: every event, its fields in order, `!` where indexed.
EVENTS = {
    "CarbonCredit": {
        "Transfer": "from! to! value",
        "Approval": "owner! spender! value",
        "BatchOpened": "batchId! terms",
        "CreditsIssued": "batchId! index! issuer! recordsRoot kg bufferKg",
        "CreditMinted": "recipient! amount creditId",
        "CreditsRetired": "ref! holder! kg batchIds batchKg reason period commitment",
        "AuthorizationUsed": "authorizer! nonce!",
        "AuthorizationCanceled": "authorizer! nonce!",
        "BatchSuspended": "batchId! until",
        "BatchUnsuspended": "batchId!",
        "BatchReversed": "batchId! verifier! evidence bufferedKg circulatingKg retiredKg",
        "DeficitCovered": "batchId! coverBatchId! circulatingKg retiredKg",
        "DeficitReplaced": "batchId! account! circulatingKg batchIds batchKg",
        "BatchReinstated": "batchId!",
        "DailyIssueCapChanged": "kg",
        "PermitUsed": "owner! nonce",
        "Paused": "until pausableFrom account!",
        "Unpaused": "account!",
    },
    "CarbonMarket": {
        "OrderPlaced": "ref! maker! order",
        "OrderBound": "ref! orderHash",
        "OrderFilled": "ref! takerRef! taker! maker side kg pricePerKg total fee",
        "OrderSettled": "takerRef! taker! kg total fee",
        "FillSkipped": "ref! reason",
        "OrderCancelled": "ref! maker!",
        "CounterRaised": "maker! counter",
        "FeeChanged": "feeBps",
        "FeesWithdrawn": "to! total",
        "Paused": "until pausableFrom account!",
        "Unpaused": "account!",
    },
    "RecordAnchor": {"RecordsAnchored": "sequence! root count previous"},
    "Relay": {"ActionRelayed": "id! success result"},
}

#: The structs that a signature or an event carries whole.
STRUCTS = {
    ("CarbonCredit", "BatchTerms"): "source vintageStart vintageEnd verifier level country closesAt bufferBps",
    ("CarbonMarket", "Order"): "maker side kg pricePerKg minFillKg filler expiry counter salt maxFeeBps",
}


def artifact(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return loaded


def fields(entry: dict[str, Any]) -> str:
    return " ".join(each["name"] + ("!" if each.get("indexed") else "") for each in entry["inputs"])


@pytest.mark.parametrize(("name", "event"), [(name, event) for name, events in EVENTS.items() for event in events])
def test_an_event_carries_what_the_mirror_needs(name: str, event: str) -> None:
    (found,) = [entry for entry in artifact(name)["abi"] if entry["type"] == "event" and entry["name"] == event]
    assert fields(found) == EVENTS[name][event]


@pytest.mark.parametrize(("name", "struct"), list(STRUCTS))
def test_an_event_carries_the_whole_struct(name: str, struct: str) -> None:
    carried = [
        " ".join(component["name"] for component in each["components"])
        for entry in artifact(name)["abi"]
        if entry["type"] == "event"
        for each in entry["inputs"]
        if each["internalType"] == f"struct {struct}"
    ]
    assert carried == [STRUCTS[name, struct]]


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_fits_on_chain(name: str) -> None:
    deployed_bytes = len(artifact(name)["deployedBytecode"].removeprefix("0x")) // 2
    assert 0 < deployed_bytes <= 24_576, "EIP-170"


@pytest.mark.parametrize("name", CONTRACTS)
def test_nothing_takes_ether(name: str) -> None:
    payable = [entry.get("name") for entry in artifact(name)["abi"] if entry.get("stateMutability") == "payable"]
    # RoleManager.execute forwards what an admin's delayed call carries; no contract of ours holds any but the adapter,
    # which sells for ether on development chains only.
    assert payable == {"RoleManager": ["execute"], "StandardAdapter": ["purchaseCredits"]}.get(name, [])


def test_the_artifacts_are_those_of_the_sources() -> None:
    check = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "scripts" / "compile_contracts.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr
