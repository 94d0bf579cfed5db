import re
from collections.abc import Sequence

import pytest
from eth_utils.crypto import keccak

from ledger.chain.abi import (
    CONTRACT_NAMES,
    artifact,
    decode_error,
    encoding_of,
    events,
    function_data,
    function_result,
)
from ledger.chain.failures import PASSING, failure_of

ALICE, BOB = b"\xaa" * 20, b"\xbb" * 20


def reverted(error: str, values: Sequence[object]) -> bytes:
    types = error.partition("(")[2].removesuffix(")").split(",")
    return keccak(text=error)[:4] + encoding_of(types, values)


def test_calldata_and_topics_are_the_ones_that_every_client_knows() -> None:
    transfer = function_data("CarbonCredit", "transfer", [BOB, 5])
    assert transfer == bytes.fromhex("a9059cbb") + BOB.rjust(32, b"\0") + (5).to_bytes(32)

    topics = {event.name: event.hash.hex() for event in events("CarbonCredit")}
    assert topics["Transfer"] == "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def test_an_overloaded_function_must_be_named_by_its_signature() -> None:
    with pytest.raises(LookupError, match="2 functions"):
        function_data("CarbonCredit", "cancelAuthorization", [])
    by_bytes = function_data("CarbonCredit", "cancelAuthorization(address,bytes32,bytes)", [ALICE, bytes(32), b""])
    assert by_bytes[:4] == keccak(text="cancelAuthorization(address,bytes32,bytes)")[:4]


def test_a_result_is_told_with_addresses_as_bytes() -> None:
    assert function_result("CarbonMarket", "credit", ALICE.rjust(32, b"\0")) == ALICE
    assert function_result("RoleManager", "hasRole", encoding_of(["bool", "uint32"], [True, 7])) == (True, 7)


def test_a_refusal_of_the_chain_is_told_by_its_name_and_its_numbers() -> None:
    error = decode_error(reverted("FeeAboveCap(uint16,uint16)", [500, 120]))
    assert str(error) == "FeeAboveCap (feeBps 500, feeCapBps 120)"
    assert failure_of(error) == {
        "code": "TRANSACTION_FAILED",
        "message": "The chain refused the transaction: FeeAboveCap (feeBps 500, feeCapBps 120).",
        "facts": {"error": "FeeAboveCap", "feeBps": "500", "feeCapBps": "120"},
    }
    assert str(decode_error(reverted("Error(string)", ["no"]))) == "Error (message no)"


@pytest.mark.parametrize(
    ("signature", "arguments", "said"),
    [
        ("IsPaused(uint256)", [1_735_689_600], "paused until 2025-01-01T00:00:00Z; ask again then."),
        ("IsPaused(uint256)", [2**256 - 1], "paused until 9999-12-31T23:59:59Z; ask again then."),
        ("BatchIsWithheld(bytes32)", [b"\xab" * 32], f"the batch 0x{'ab' * 32} is suspended or reversed"),
        ("NotAttributable(uint256,uint256)", [500, 120], "only 120 of 500 kg can be retired now"),
        (
            "DailyIssueCapExceeded(address,uint256,uint256)",
            [ALICE, 9, 4],
            "only 4 of these 9 kg can still be issued today",
        ),
    ],
)
def test_a_refusal_that_will_pass_says_in_words_what_to_wait_for(
    signature: str, arguments: list[object], said: str
) -> None:
    assert said in failure_of(decode_error(reverted(signature, arguments)))["message"]


def test_what_is_said_of_an_error_names_facts_that_it_carries() -> None:
    errors = {
        entry["name"]: {part["name"] for part in entry["inputs"]}
        for contract in CONTRACT_NAMES
        for entry in artifact(contract)["abi"]
        if entry["type"] == "error"
    }
    for name, said in PASSING.items():
        assert set(re.findall(r"{(\w+)}", said)) <= errors[name], name


def test_a_refusal_that_says_nothing_or_too_little_is_still_told() -> None:
    assert str(decode_error(b"")) == "Reverted"
    assert decode_error(b"\x01\x02\x03\x04\x05").arguments == {"data": "0x0102030405"}
    cut_short = reverted("NotAttributable(uint256,uint256)", [500, 120])[:40]
    assert decode_error(cut_short).name == "NotAttributable"
    assert failure_of(decode_error(cut_short))["message"] == "The chain refused the transaction: NotAttributable."
