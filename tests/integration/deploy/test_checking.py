"""Reading a deployment back: whatever was changed on the chain since shows, and nothing else does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from scripts.deploy._core import report
from scripts.deploy._core.artifacts import call_data, selector
from scripts.deploy._core.config import Options
from scripts.deploy._core.errors import Refused
from scripts.deploy._core.node import Node
from scripts.deploy._core.operate import Request, check_again
from tests.support.deploying import GUARDIAN, ISSUER, MULTISIG, STRANGER, Chain, Operator, differences

HOURS_48 = 172_800


@pytest.fixture(scope="module")
def deployed(amoy_node: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """A deployment that is finished."""
    before = amoy_node.ask("evm_snapshot")
    operator = Operator(amoy_node, tmp_path_factory.mktemp("books"))
    operator.deploy()
    yield operator
    amoy_node.ask("evm_revert", before)


@pytest.fixture
def standing(deployed: Operator, amoy: Chain) -> Operator:
    """The same, whose chain is put back after the test."""
    assert amoy is deployed.chain
    return deployed


def address(operator: Operator, name: str, token: str | None = None) -> str:
    found = operator.book.find(name, token)
    assert found is not None
    return found.address


def administer(operator: Operator, contract: str, function: str, *arguments: object, token: str | None = None) -> None:
    """A call of the multisig's."""
    data = call_data(contract, function, *arguments)
    operator.chain.act(MULTISIG, address(operator, contract, token), data)


def announce_and_administer(operator: Operator, function: str, *arguments: object) -> None:
    """A call of the multisig's to the manager that has to be announced, and is made once its time has come."""
    manager, data = address(operator, "RoleManager"), call_data("RoleManager", function, *arguments)
    administer(operator, "RoleManager", "schedule", manager, data, 0)
    operator.chain.ask("evm_increaseTime", HOURS_48)
    operator.chain.act(MULTISIG, manager, data)


def read_back(operator: Operator) -> list[tuple[str, str, str]]:
    return differences(check_again(operator.chain.node(), operator.request()))


def test_everything_is_read_and_agrees(standing: Operator) -> None:
    findings = check_again(standing.chain.node(), standing.request())
    assert differences(findings) == []
    read = {(each.subject, each.what) for each in findings}
    for subject in ("CarbonCredit WCCM", "CarbonCredit WCCR"):
        for what in ("code", "authority", "role for issue", "role for pause", "dailyIssueCapKg", "creditClass"):
            assert (subject, what) in read
    assert ("coin", "decimals") in read
    assert ("deployer", "roles") in read
    assert "all as they should be" in report.findings(findings)


def test_what_the_deployment_began_with_need_not_be_said_again(standing: Operator) -> None:
    assert differences(check_again(standing.chain.node(), Request(folder=standing.folder))) == []


def grant_secretly(operator: Operator) -> None:
    administer(operator, "RoleManager", "grantRole", 3, STRANGER, 0)


def grant_with_delay(operator: Operator) -> None:
    administer(operator, "RoleManager", "grantRole", 1, STRANGER, 0)


def grant_unknown_role(operator: Operator) -> None:
    administer(operator, "RoleManager", "grantRole", 77, STRANGER, 0)


def give_the_deployer_admin_again(operator: Operator) -> None:
    administer(operator, "RoleManager", "grantRole", 0, operator.key.address, 0)


def revoke(operator: Operator) -> None:
    administer(operator, "RoleManager", "revokeRole", 3, GUARDIAN)


def open_to_issuers(operator: Operator) -> None:
    credit = address(operator, "CarbonCredit", "WCCR")
    cap = [selector("CarbonCredit", "setDailyIssueCap")]
    announce_and_administer(operator, "setTargetFunctionRole", credit, cap, 1)


def close(operator: Operator) -> None:
    announce_and_administer(operator, "setTargetClosed", address(operator, "CarbonMarket", "WCCM"), True)


def let_issuers_grant(operator: Operator) -> None:
    administer(operator, "RoleManager", "setRoleAdmin", 2, 1)


def change_the_fee(operator: Operator) -> None:
    administer(operator, "CarbonMarket", "setFee", 25, token="WCCM")


def change_the_cap(operator: Operator) -> None:
    administer(operator, "CarbonCredit", "setDailyIssueCap", 5, token="WCCM")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (grant_secretly, [("guardian", "holders", f"{GUARDIAN}, {STRANGER}")]),
        (grant_unknown_role, [("role 77", "holders", STRANGER)]),
        (revoke, [("guardian", "holders", "nobody")]),
        (open_to_issuers, [("CarbonCredit WCCR", "role for setDailyIssueCap", "issuer")]),
        (close, [("CarbonMarket WCCM", "closed", "True")]),
        (let_issuers_grant, [("verifier", "granted by", "issuer")]),
        (change_the_fee, [("CarbonMarket WCCM", "feeBps", "25")]),
        (change_the_cap, [("CarbonCredit WCCM", "dailyIssueCapKg", "5")]),
    ],
)
def test_a_change_by_the_admin_shows(
    standing: Operator, change: Callable[[Operator], None], shown: list[tuple[str, str, str]]
) -> None:
    change(standing)
    assert read_back(standing) == shown


def test_a_deployer_with_a_role_shows(standing: Operator) -> None:
    give_the_deployer_admin_again(standing)
    assert ("deployer", "roles", "admin") in read_back(standing)


def test_an_issuer_who_is_only_to_become_one_shows_with_the_moment(standing: Operator) -> None:
    grant_with_delay(standing)
    ((role, what, found),) = read_back(standing)
    assert (role, what) == ("issuer", "holders")
    granted = int(standing.chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert f"{STRANGER} (only from {granted + HOURS_48})" in found
    assert ISSUER in found


def test_a_shortened_delay_shows_once_it_holds(standing: Operator) -> None:
    administer(standing, "RoleManager", "setGrantDelay", 1, 60)
    assert read_back(standing) == []
    standing.chain.ask("evm_increaseTime", HOURS_48)
    standing.chain.ask("anvil_mine")
    assert read_back(standing) == [("issuer", "grant delay", "60 s")]


def test_a_contract_whose_rules_can_change_sooner_shows_once_it_holds(standing: Operator) -> None:
    market = address(standing, "CarbonMarket", "WCCM")
    administer(standing, "RoleManager", "setTargetAdminDelay", market, 0)
    assert read_back(standing) == []
    standing.chain.ask("evm_increaseTime", HOURS_48)
    standing.chain.ask("anvil_mine")
    assert read_back(standing) == [("CarbonMarket WCCM", "admin delay", "0 s")]


def test_a_pause_shows(standing: Operator) -> None:
    standing.chain.act(GUARDIAN, address(standing, "CarbonMarket", "WCCR"), call_data("CarbonMarket", "pause"))
    assert [(subject, what) for subject, what, _ in read_back(standing)] == [("CarbonMarket WCCR", "pausedUntil")]


def test_other_code_shows_even_where_only_an_immutable_differs(standing: Operator) -> None:
    certificate = address(standing, "RetirementCertificate", "WCCM")
    code = standing.chain.ask("eth_getCode", certificate, "latest")
    micro, registry = (address(standing, "CarbonCredit", each)[2:].lower() for each in ("WCCM", "WCCR"))
    standing.chain.ask("anvil_setCode", certificate, code.replace(micro, registry))
    assert ("RetirementCertificate WCCM", "code", "other code, or other arguments") in read_back(standing)


def test_a_coin_that_is_another_one_is_refused(standing: Operator) -> None:
    coin = standing.book.coin
    assert coin is not None
    standing.chain.ask("anvil_setCode", coin.address, "0x")
    with pytest.raises(Refused, match=f"No coin stands at {coin.address}"):
        read_back(standing)


def test_a_configuration_that_names_others_shows_them_as_missing(standing: Operator) -> None:
    options = Options(holders={"anchor": [STRANGER]})
    request = replace(standing.request(), options=options)
    ((role, what, _),) = differences(check_again(standing.chain.node(), request))
    assert (role, what) == ("anchor", "holders")


def test_a_node_that_gives_logs_of_few_blocks_only_is_asked_in_parts(standing: Operator) -> None:
    answered: list[int] = []

    def transport(method: str, parameters: Sequence[Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            first, last = (int(parameters[0][each], 16) for each in ("fromBlock", "toBlock"))
            if last - first >= 7:
                return {"error": {"code": -32005, "message": "query spans too many blocks"}}
            answered.append(first)
        return {"result": standing.chain.ask(method, *parameters)}

    assert differences(check_again(Node(transport), standing.request())) == []
    assert len(answered) > 3


def test_a_chain_without_a_book_is_told(amoy: Chain, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"80002\.json is missing: nothing was deployed to this chain from here"):
        check_again(amoy.node(), Request(folder=tmp_path))


def test_domain_separators_are_compared_too(standing: Operator) -> None:
    """An immutable that depends on the address is worked out, not skipped."""
    credit = address(standing, "CarbonCredit", "WCCM")
    code = standing.chain.ask("eth_getCode", credit, "latest")
    name_hash = keccak(text="WIA Carbon Credit Micro").hex()
    assert name_hash in code
    separator = standing.chain.node().read("CarbonCredit", credit, "DOMAIN_SEPARATOR").hex()
    assert separator in code
    standing.chain.ask("anvil_setCode", credit, code.replace(separator, keccak(text="another").hex()))
    assert ("CarbonCredit WCCM", "code", "other code, or other arguments") in read_back(standing)
