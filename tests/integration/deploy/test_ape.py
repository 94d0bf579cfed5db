"""What an operator types: Ape finds the commands, signs with its own account, and tells refusals in plain words."""

import asyncio
import json
import os
from pathlib import Path

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import Rpc
from ledger.kernel.address_book import AddressBook

ROOT = Path(__file__).resolve().parents[3]
APE = ROOT / ".venv-ape" / "bin" / "ape"
MULTISIG = "0x00000000000000000000000000000000000000A1"
ROLES = (
    *("--issuer", "0x00000000000000000000000000000000000000b2"),
    *("--verifier", "0x00000000000000000000000000000000000000b3"),
    *("--guardian", "none", "--matcher", "none", "--anchor", "none"),
)


async def ape(folder: Path, command: str, url: str, *options: str) -> tuple[int | None, str]:
    """Runs a command of scripts/deploy against a node; its exit code and what it printed."""
    assert APE.exists(), "Ape has its own environment; `make ape` makes it"
    process = await asyncio.create_subprocess_exec(
        APE,
        *("run", "deploy", command, "--network", url, "--out", str(folder), *options),
        cwd=ROOT,
        env={**os.environ, "APE_DATA_FOLDER": str(folder / "ape"), "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_an_operator_deploys_with_ape_and_has_everything_read_back(anvil: EmbeddedAnvil, tmp_path: Path) -> None:
    async with Rpc(anvil.url) as rpc:
        await rpc.call("evm_setAutomine", True)
    wanted = ("--account", "TEST::0", "--multisig", MULTISIG, *ROLES)
    code, done = await ape(tmp_path, "all", anvil.url, *wanted)
    assert code == 0, done
    book = AddressBook.read(tmp_path / "31337.json")
    assert book.complete
    assert all(contract.address in done for contract in book.contracts)

    code, checked = await ape(tmp_path, "check", anvil.url, "--json")
    assert code == 0, checked
    assert json.loads(checked)["agrees"] is True
