"""An operator deploys with Ape: the committed bytecode stands on the chain, and the deployer keeps no right."""

import asyncio
import json
import os
from pathlib import Path

from eth_utils.crypto import keccak

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import Rpc

ROOT = Path(__file__).resolve().parents[3]
APE = ROOT / ".venv-ape" / "bin" / "ape"
DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"  # the first account of every development node: TEST::0
ADMIN = "0x00000000000000000000000000000000000000A1"
ISSUER = "0x00000000000000000000000000000000000000b2"
ADMIN_ROLE, ISSUER_ROLE = 0, 1


async def deploy(url: str, folder: Path) -> str:
    """What an operator types, against this node; its output."""
    assert APE.exists(), "Ape has its own environment; `make setup` makes it"
    process = await asyncio.create_subprocess_exec(
        APE,
        *("run", "deploy", "contracts", "--network", url, "--account", "TEST::0"),
        *("--admin", ADMIN, "--issuer", ISSUER, "--out", str(folder)),
        cwd=ROOT,
        env={**os.environ, "APE_DATA_FOLDER": str(folder / "ape"), "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def has_role(rpc: Rpc, manager: str, role: int, account: str) -> bool:
    data = (
        keccak(text="hasRole(uint64,address)")[:4]
        + role.to_bytes(32, "big")
        + bytes.fromhex(account[2:]).rjust(32, b"\0")
    )
    answer = await rpc.call("eth_call", {"to": manager, "data": "0x" + data.hex()}, "latest")
    return int(answer[:66], 16) == 1


async def test_an_operator_deploys_and_a_second_run_deploys_nothing(anvil: EmbeddedAnvil, tmp_path: Path) -> None:
    async with Rpc(anvil.url) as rpc:
        await rpc.call("evm_setAutomine", True)  # Ape looks for a receipt at once, and next after seconds
    first = await deploy(anvil.url, tmp_path)
    written = (tmp_path / "31337.json").read_text()
    addresses = json.loads(written)
    assert set(addresses) == {"RoleManager", "CarbonCredit", "CarbonMarket", "RecordAnchor", "Relay", "TestDollar"}

    async with Rpc(anvil.url) as rpc:
        relay = json.loads((ROOT / "contracts" / "artifacts" / "Relay.json").read_text())
        assert await rpc.call("eth_getCode", addresses["Relay"], "latest") == relay["deployedBytecode"]
        manager = addresses["RoleManager"]
        assert not await has_role(rpc, manager, ADMIN_ROLE, DEPLOYER)
        assert await has_role(rpc, manager, ADMIN_ROLE, ADMIN)
        assert await has_role(rpc, manager, ISSUER_ROLE, ISSUER)
        blocks = await rpc.call("eth_blockNumber")

        second = await deploy(anvil.url, tmp_path)
        assert await rpc.call("eth_blockNumber") == blocks
    assert (tmp_path / "31337.json").read_text() == written
    assert "SUCCESS" in first
    assert "SUCCESS" not in second
