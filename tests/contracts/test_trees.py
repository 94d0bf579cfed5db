"""What the contracts promise: every leaf of every `.tree` has a Foundry test, every function a tree."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TREES = sorted((ROOT / "contracts" / "test").rglob("*.tree"))
OURS = (
    *("CarbonCredit", "CarbonMarket", "RecordAnchor", "Relay", "RetirementCertificate"),
    *("StandardAdapter", "TestDollar"),
)

#: Functions whose behaviour is OpenZeppelin's own, tested there.
INHERITED = {
    *("approve", "transfer", "transferFrom", "allowance", "balanceOf", "totalSupply", "name", "symbol"),
    *("nonces", "DOMAIN_SEPARATOR", "ownerOf", "getApproved", "isApprovedForAll"),
    *("authority", "setAuthority", "isConsumingScheduledOp"),
}


@dataclass(frozen=True)
class Leaf:
    """A condition of a tree, and what it promises there."""

    condition: str
    promises: tuple[str, ...]

    @property
    def test_name(self) -> str:
        """The name of the test that keeps the promise: `test_RevertWhen_X` or `test_WhenX`; `testFuzz_…` will do."""
        kind, _, rest = self.condition.partition(" ")
        words = "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", rest))
        return f"test_Revert{kind.title()}_{words}" if self.is_refusal else f"test_{kind.title()}{words}"

    @property
    def is_refusal(self) -> bool:
        """Whether all that the leaf promises is a revert."""
        return all(promise.startswith("it should revert") for promise in self.promises)


def leaves(tree: Path) -> list[Leaf]:
    found: list[Leaf] = []
    for line in tree.read_text().splitlines():
        text = re.sub(r"^[│├└─\s]+", "", line)
        if text.startswith(("when ", "given ")):
            found.append(Leaf(text, ()))
        elif text.startswith("it "):
            found[-1] = Leaf(found[-1].condition, (*found[-1].promises, text))
    return found


def test_there_are_trees() -> None:
    assert len(TREES) >= 8


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.stem)
def test_every_leaf_is_tested(tree: Path) -> None:
    tests = re.findall(r"function (test\w*)\(", tree.with_suffix(".t.sol").read_text())
    names = [leaf.test_name for leaf in leaves(tree)]
    assert all(leaf.promises for leaf in leaves(tree)), "a condition without a promise"
    assert len(names) == len(set(names)), "two leaves share a name"
    assert set(names) == {re.sub(r"^testFuzz_", "test_", test) for test in tests}


def test_every_test_has_a_tree() -> None:
    tests = {path for path in (ROOT / "contracts" / "test").rglob("*.t.sol") if "function test" in path.read_text()}
    apart = {ROOT / "contracts" / "test" / "invariant" / "Invariants.t.sol"}  # the numbered invariants are its tree
    assert {path.with_suffix("").with_suffix(".tree") for path in tests - apart} == set(TREES)


@pytest.mark.parametrize("name", OURS)
def test_every_function_has_a_tree(name: str) -> None:
    abi = json.loads((ROOT / "contracts" / "artifacts" / f"{name}.json").read_text())["abi"]
    functions = {entry["name"] for entry in abi if entry["type"] == "function"}
    roots = set(re.findall(rf"^{name}::(\w+)$", "\n".join(tree.read_text() for tree in TREES), re.MULTILINE))
    assert functions - INHERITED <= roots
