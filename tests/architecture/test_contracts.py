"""What nobody can do to a holder, read off the contracts themselves."""

import re
from pathlib import Path

from ledger.chain.abi import CONTRACT_NAMES, artifact

SOURCES = {path.stem: path.read_text() for path in (Path(__file__).parents[2] / "contracts" / "src").rglob("*.sol")}
RESTRICTED = {
    "CarbonCredit": {"issue", "setDailyIssueCap", "suspend", "reverse", "reinstate"},
    "CarbonMarket": {"setFee", "withdrawFees"},
    "Pausing": {"pause", "renewPause", "unpause"},
    "StandardAdapter": {"mint", "setPricePerTonne", "withdraw"},
}
"""Every function that needs a role. Withdrawn fees are the market's own, withdrawn ether the adapter's."""

PAUSABLE = {"CarbonCredit": {"issue"}, "CarbonMarket": {"place", "fillMany", "settle"}}
"""Every function that a pause stops: issuing and trading. The twins with a permit call these."""


def functions_with(modifier: str) -> dict[str, set[str]]:
    """The functions that carry a modifier, by the contract that they are written in."""
    found: dict[str, set[str]] = {}
    for contract, source in SOURCES.items():
        for name, modifiers in re.findall(r"function (\w+)\([^)]*\)([^{;]*)\{", source):
            if modifier in modifiers.split():
                found.setdefault(contract, set()).add(name)
    return found


def test_a_role_gives_no_power_over_what_others_hold() -> None:
    assert functions_with("restricted") == RESTRICTED


def test_a_pause_stops_issuing_and_trading_and_nothing_else() -> None:
    assert functions_with("whenNotPaused") == PAUSABLE


def test_no_contract_can_be_replaced_or_made_to_take() -> None:
    forbidden = re.compile(
        r"upgrade|initialize|freeze|blacklist|seize|clawback|forceTransfer|selfdestruct", re.IGNORECASE
    )
    functions = [
        f"{contract}.{entry['name']}"
        for contract in CONTRACT_NAMES
        for entry in artifact(contract)["abi"]
        if entry["type"] == "function" and forbidden.search(entry["name"])
    ]
    assert functions == []
    assert [name for name, source in SOURCES.items() if "delegatecall" in source or "selfdestruct" in source] == []
