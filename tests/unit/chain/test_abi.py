from collections.abc import Sequence

import pytest
from eth_utils.crypto import keccak

from ledger.chain.abi import CODEC, decode_error, events, function_data, function_result
from ledger.chain.failures import failure_of

ALICE, BOB = b"\xaa" * 20, b"\xbb" * 20


def reverted(error: str, values: Sequence[object]) -> bytes:
    types = error.partition("(")[2].removesuffix(")").split(",")
    return keccak(text=error)[:4] + CODEC.encode(types, values)


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
    assert function_result("RoleManager", "hasRole", CODEC.encode(["bool", "uint32"], [True, 7])) == (True, 7)


def test_a_refusal_of_the_chain_is_told_by_its_name_and_its_numbers() -> None:
    error = decode_error(reverted("NotAttributable(uint256,uint256)", [500, 120]))
    assert str(error) == "NotAttributable (kg 500, attributableKg 120)"
    assert failure_of(error) == {
        "code": "TRANSACTION_FAILED",
        "message": "The chain refused the transaction: NotAttributable (kg 500, attributableKg 120).",
        "facts": {"error": "NotAttributable", "kg": "500", "attributableKg": "120"},
    }
    assert str(decode_error(reverted("Error(string)", ["no"]))) == "Error (message no)"


def test_a_refusal_that_says_nothing_or_too_little_is_still_told() -> None:
    assert str(decode_error(b"")) == "Reverted"
    assert decode_error(b"\x01\x02\x03\x04\x05").arguments == {"data": "0x0102030405"}
    cut_short = reverted("NotAttributable(uint256,uint256)", [500, 120])[:40]
    assert decode_error(cut_short).name == "NotAttributable"
