"""The mutation run says truly which faults the Foundry tests notice: tried on a till whose tests overlook one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = f"""
[profile.default]
src = "src"
test = "test"
out = "out"
cache_path = "cache"
remappings = []
auto_detect_remappings = false
solc = "{ROOT / "contracts" / "tools" / "solc"}"
offline = true
evm_version = "cancun"
optimizer = true
optimizer_runs = 200
via_ir = false
bytecode_hash = "none"
"""
TILL = """
// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Till {
    uint256 public total;

    function put(uint256 coins) external {
        require(coins > 0, "nothing");
        total += coins;
    }
}
"""
#: Puts coins in, and never none.
TEST = """
// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Till} from "../src/Till.sol";

contract TillTest {
    function test_AddsUp() external {
        Till till = new Till();
        till.put(2);
        till.put(3);
        require(till.total() == 5, "wrong total");
    }
}
"""
OVERLOOKED = "Till.put requirement dropped 227279"


@pytest.fixture
def till(tmp_path: Path) -> Path:
    for path, text in {"foundry.toml": SETTINGS, "src/Till.sol": TILL, "test/Till.t.sol": TEST}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.mutation", "--root", str(project), "--page", "survivors.md", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own script


def test_it_finds_the_faults_that_a_contract_can_have(till: Path) -> None:
    listed = run(till, "--list").stdout
    differences = [line.partition(": ")[2].removesuffix(")") for line in listed.splitlines()[:-1]]
    assert differences == [
        'require(coins > 0, "nothing"); → {}',
        "coins > 0 → !(coins > 0)",
        "> → <=",
        "> → >=",
        "0 → (0 + 1)",
        '"nothing" → "nothing_"',
        "total += coins; → {}",
        "+= → -=",
    ]


def test_a_fault_that_no_test_notices_is_a_survivor(till: Path) -> None:
    done = run(till, "--only", "requirement dropped|step", "--jobs", "1")
    assert done.returncode == 1
    assert "killed by test_AddsUp: Till.put step" in done.stdout
    assert f"survived: {OVERLOOKED}" in done.stdout
    assert f"survived without an explanation: {OVERLOOKED}" in done.stderr
    assert "killed 50.0 %, less than 95 %" in done.stderr

    explanations = f"- `{OVERLOOKED}`: a till may be given nothing.\n- `Till.take step 123456`: gone.\n"
    (till / "survivors.md").write_text(explanations)
    again = run(till, "--only", "requirement dropped|step", "--again", "--jobs", "1")
    assert "killed by" not in again.stdout, "it was killed already"
    assert again.stderr.splitlines() == [
        "explained, but no such mutant is left: Till.take step 123456",
        "killed 50.0 %, less than 95 %",
    ]
