"""What nobody can do to a holder, read off the contracts themselves."""

import re
from pathlib import Path

from ledger.chain.abi import CONTRACT_NAMES, artifact

SOURCES = {path.stem: path.read_text() for path in (Path(__file__).parents[2] / "contracts" / "src").rglob("*.sol")}
RESTRICTED = {
    "CarbonCredit": {"issue", "setDailyIssueCap"},
    "CarbonMarket": {"setFee", "withdrawFees"},
    "RecordAnchor": {"anchor"},
}
"""Every function that needs a role. Withdrawn fees are the market's own."""


def test_a_role_gives_no_power_over_what_others_hold() -> None:
    found: dict[str, set[str]] = {}
    for contract, source in SOURCES.items():
        for name, modifiers in re.findall(r"function (\w+)\([^)]*\)([^{;]*)\{", source):
            if "restricted" in modifiers.split():
                found.setdefault(contract, set()).add(name)
    assert found == RESTRICTED


def test_no_contract_can_be_replaced_paused_or_made_to_take() -> None:
    forbidden = re.compile(
        r"upgrade|initialize|pause|freeze|blacklist|seize|clawback|forceTransfer|selfdestruct", re.IGNORECASE
    )
    functions = [
        f"{contract}.{entry['name']}"
        for contract in CONTRACT_NAMES
        for entry in artifact(contract)["abi"]
        if entry["type"] == "function" and forbidden.search(entry["name"])
    ]
    assert functions == []
    assert [name for name, source in SOURCES.items() if "delegatecall" in source or "selfdestruct" in source] == []
