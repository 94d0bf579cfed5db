"""What explorers are given makes exactly the code that was deployed."""

import json
import subprocess
from pathlib import Path

import pytest

from scripts.compile_contracts import CONTRACTS
from scripts.deploy._core.artifacts import ROOT, artifact
from scripts.deploy._core.verification import standard_input, write
from tests.support.deploying import Operator

SOLC = ROOT / "contracts" / "tools" / "solc"
DEPLOYED = sorted(set(CONTRACTS) - {"StandardAdapter", "TestDollar"})


# Those that import the most, the least, and what no other does; a compile takes seconds.
@pytest.mark.parametrize("contract", ["CarbonCredit", "Relay", "RetirementCertificate"])
def test_the_input_alone_compiles_to_the_committed_bytecode(contract: str, tmp_path: Path) -> None:
    asked = json.dumps(standard_input(contract))
    answered = subprocess.run(  # noqa: S603  # the toolchain's own compiler, in a folder without any source
        [SOLC, "--standard-json"], input=asked, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    made = json.loads(answered.stdout)["contracts"][CONTRACTS[contract]][contract]["evm"]
    assert "0x" + made["bytecode"]["object"] == artifact(contract)["bytecode"]
    assert "0x" + made["deployedBytecode"]["object"] == artifact(contract)["deployedBytecode"]


def test_every_contract_is_listed_with_what_an_explorer_asks_for(operator: Operator, tmp_path: Path) -> None:
    operator.deploy()
    folder = tmp_path / "verification"
    write(operator.book, folder)
    assert {file.stem for file in folder.iterdir()} == {*DEPLOYED, "contracts"}
    listed = {(each["contract"], each["token"]): each for each in json.loads((folder / "contracts.json").read_text())}
    market = listed["contracts/src/CarbonMarket.sol:CarbonMarket", "WCCR"]
    stands = operator.book.find("CarbonMarket", "WCCR")
    assert stands is not None
    assert market["address"] == stands.address
    assert market["constructorArguments"] == stands.encoded_arguments
    assert market["compilerVersion"].startswith("v0.8.")
    assert json.loads((folder / market["input"]).read_text()) == standard_input("CarbonMarket")
