"""What an operator types: Ape finds the commands, signs with its own account, and tells refusals in plain words."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.kernel.address_book import AddressBook
from tests.support.deploying import AMOY, ANCHOR, GUARDIAN, ISSUER, MULTISIG, VERIFIER, Operator

ROOT = Path(__file__).resolve().parents[3]
APE = ROOT / ".venv-ape" / "bin"
PASSPHRASE = "correct horse battery staple"
IMPORT = f"""
from ape_accounts import import_account_from_private_key
import_account_from_private_key("deployer", "{PASSPHRASE}", "0x{"42" * 32}")
"""
ROLES = (
    *("--multisig", MULTISIG, "--issuer", ISSUER, "--verifier", VERIFIER),
    *("--guardian", GUARDIAN, "--matcher", "none", "--anchor", ANCHOR),
)


@dataclass
class Desk:
    """A machine with Ape, whose accounts and address books lie in a folder."""

    folder: Path
    url: str

    async def run(self, program: str, *arguments: str) -> tuple[int | None, str, str]:
        """What a program of Ape's environment answers: exit code, output, errors."""
        assert (APE / program).exists(), "Ape has its own environment; `make ape` makes it"
        own = {
            "APE_DATA_FOLDER": str(self.folder / "ape"),
            "APE_ACCOUNTS_deployer_PASSPHRASE": PASSPHRASE,
            "NO_COLOR": "1",
        }
        process = await asyncio.create_subprocess_exec(
            APE / program,
            *arguments,
            cwd=ROOT,
            env={**os.environ, **own},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        return process.returncode, output.decode(), errors.decode()

    async def ape(self, command: str, *options: str) -> tuple[int | None, str, str]:
        """Runs a command of scripts/deploy against the chain."""
        where = ("--network", f"polygon:amoy:{self.url}", "--out", str(self.folder))
        return await self.run("ape", "run", "deploy", command, *where, *options)


@pytest.fixture
def desk(operator: Operator) -> Desk:
    return Desk(operator.folder, operator.chain.url)


async def test_an_operator_deploys_with_ape_and_has_everything_read_back(desk: Desk) -> None:
    code, _, errors = await desk.run("python", "-c", IMPORT)
    assert code == 0, errors
    code, done, errors = await desk.ape("all", "--account", "deployer", *ROLES, "--yes")
    assert code == 0, errors
    book = AddressBook.read(desk.folder / f"{AMOY}.json")
    assert book.complete
    assert all(contract.address in done for contract in book.contracts)

    code, checked, errors = await desk.ape("check", "--json")
    assert code == 0, errors
    assert json.loads(checked)["agrees"] is True


async def test_a_test_account_of_apes_deploys_to_no_live_network(desk: Desk) -> None:
    code, _, errors = await desk.ape("all", "--account", "TEST::0", *ROLES, "--yes")
    assert code == 1
    assert "is a test account of Ape's, whose key is published; use one of your own" in errors
