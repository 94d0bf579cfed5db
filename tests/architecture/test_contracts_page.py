"""docs/contracts.md says what the contracts say: every type that is signed, and every error."""

import json
import re

import pytest
from eth_utils.abi import function_abi_to_4byte_selector

from tests.support.contracts_page import PAGE, ROOT, rows, section, types

SOURCES = ROOT / "contracts" / "src"
OPENZEPPELIN = ROOT / "node_modules" / "@openzeppelin" / "contracts" / "token" / "ERC20" / "extensions"
SIGNED = [*SOURCES.rglob("*.sol"), OPENZEPPELIN / "ERC20Permit.sol", OPENZEPPELIN / "draft-ERC3009.sol"]
ARTIFACTS = sorted((ROOT / "contracts" / "artifacts").glob("*.json"))


def hashed_types() -> set[str]:
    """Every type string that a contract hashes to check a signature."""
    return {
        found
        for path in SIGNED
        for found in re.findall(r'_TYPEHASH\s*=\s*keccak256\(\s*"([^"]+)"\s*\)', path.read_text())
    }


def promised_types() -> set[str]:
    """Every type string that an interface promises, written over one line or more."""
    comments = (re.sub(r"\n\s*///", "", path.read_text()) for path in (SOURCES / "interfaces").glob("*.sol"))
    return {
        found.replace(", ", ",") for text in comments for found in re.findall(r"EIP-712 type: (\w+\([^)]*\))", text)
    }


def errors() -> dict[tuple[str, str], str]:
    """The contracts that have each error, by how the page writes it and its selector."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in ARTIFACTS:
        for entry in json.loads(path.read_text())["abi"]:
            if entry["type"] == "error":
                written = f"{entry['name']}({', '.join(each['name'] for each in entry['inputs'])})"
                selector = "0x" + function_abi_to_4byte_selector(entry).hex()
                found.setdefault((written, selector), []).append(path.stem)
    return {error: ", ".join(contracts) for error, contracts in found.items()}


ROWS = rows(section("## Errors"))


def test_every_type_that_is_signed_is_on_the_page_as_the_contracts_hash_it() -> None:
    assert set(types().values()) == hashed_types()


def test_the_interfaces_promise_the_types_that_the_contracts_hash() -> None:
    ours = promised_types()
    assert len(ours) >= 6
    assert ours <= hashed_types()


def test_every_error_of_every_contract_has_one_row() -> None:
    written = [(error, selector) for error, selector, *_ in ROWS]
    assert len(written) == len(set(written))
    assert {(error, selector): of for error, selector, of, *_ in ROWS} == errors()


def test_a_row_says_what_an_error_means_and_what_to_do_or_why_it_never_comes() -> None:
    assert [row for row in ROWS if len(row) not in {4, 5} or not all(row)] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([\w./-]+\.md)[#)]", PAGE.read_text()))))
def test_what_the_page_points_to_is_there(target: str) -> None:
    assert (PAGE.parent / target).exists()
