import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from ccm.provision import ACCOUNTS_FILE, provision
from ccm.stack.anvil import EmbeddedAnvil
from ledger.accounts import Account, authenticate
from ledger.chain import Intent, Rpc
from ledger.chain.custody import CustodyError
from ledger.chain.keystore import KEYSTORE_FILE
from ledger.db.session import Sessions
from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.settings import Settings
from tests.support.chain import read
from tests.support.killing import KILLED, in_a_process

ROLES = ("household", "company", "verifier", "operator")


@pytest.fixture
def settings(tmp_path: Path, database_url: str, anvil: EmbeddedAnvil) -> Settings:
    return Settings(data=tmp_path / "data", database_url=SecretStr(database_url), blockchain_rpc=anvil.url)


def told(settings: Settings) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((settings.data / ACCOUNTS_FILE).read_text())
    return read


async def test_a_first_start_makes_four_accounts_and_tells_them_to_their_owner_alone(
    settings: Settings, sessions: Sessions, rpc: Rpc
) -> None:
    provisioned = await provision(settings, sessions, rpc)

    file = told(settings)
    assert list(file) == [*ROLES, "contracts", "rpc", "databaseUrl"]
    assert provisioned.accounts_file.stat().st_mode & 0o777 == 0o600
    assert list(file["contracts"]) == ["credit", "market", "anchor", "dollar"]
    for role in ROLES:
        async with sessions() as session:
            caller = await authenticate(session, file[role]["apiKey"], mode="development")
        assert (caller.account.public_id, caller.account.tier) == (file[role]["userId"], "pro")
        assert caller.account.wallet == bytes.fromhex(file[role]["wallet"][2:])
    assert file["verifier"]["userId"] == "WIA-Verifier-001"
    assert await _company_micros(rpc, file) == 10_000_000_000


async def test_a_restart_keeps_the_keys_and_tells_where_the_servers_are_now(
    settings: Settings, sessions: Sessions, rpc: Rpc
) -> None:
    await provision(settings, sessions, rpc)
    first = told(settings)

    moved = settings.model_copy(update={"blockchain_rpc": rpc.url.replace("127.0.0.1", "localhost")})
    await provision(moved, sessions, rpc)
    assert told(settings) == first | {"rpc": moved.blockchain_rpc}
    assert await _company_micros(rpc, first) == 10_000_000_000


async def test_a_lost_file_is_written_again_with_new_keys(settings: Settings, sessions: Sessions, rpc: Rpc) -> None:
    await provision(settings, sessions, rpc)
    first = told(settings)
    (settings.data / ACCOUNTS_FILE).unlink()

    await provision(settings, sessions, rpc)
    for role in ROLES:
        assert told(settings)[role]["userId"] == first[role]["userId"]
        assert told(settings)[role]["apiKey"] != first[role]["apiKey"]


@pytest.mark.parametrize("fault", ["after_raw_sent", "before_receipt_recorded:2", "after_raw_sent:3"])
async def test_a_start_that_was_killed_is_completed_by_the_next_one(
    fault: str, settings: Settings, sessions: Sessions, rpc: Rpc
) -> None:
    assert settings.database_url is not None
    assert settings.blockchain_rpc is not None
    ended, said = await in_a_process(
        "provision_once",
        fault=fault,
        CCM_DATA=str(settings.data),
        BLOCKCHAIN_RPC=settings.blockchain_rpc,
        DATABASE_URL=settings.database_url.get_secret_value(),
    )
    assert (ended, f"fault point reached: {fault.partition(':')[0]}" in said) == (KILLED, True), said

    await provision(settings, sessions, rpc)
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == len(ROLES)
        assert await session.scalar(select(func.count()).select_from(Intent)) == 2 * len(ROLES)
    assert await _company_micros(rpc, told(settings)) == 10_000_000_000


async def test_another_chain_is_refused_in_words_that_help(
    settings: Settings, sessions: Sessions, rpc: Rpc, tmp_path: Path
) -> None:
    await provision(settings, sessions, rpc)
    await asyncio.sleep(1.1)  # all that tells one fresh chain from another is the second of its genesis block
    async with EmbeddedAnvil(tmp_path / "other", saved=False) as other, Rpc(other.url) as other_rpc:
        with pytest.raises(BlockchainUnavailable, match="another chain"):
            await provision(settings, sessions, other_rpc)


async def test_another_keystore_is_refused(settings: Settings, sessions: Sessions, rpc: Rpc) -> None:
    await provision(settings, sessions, rpc)
    (settings.data / KEYSTORE_FILE).unlink()
    with pytest.raises(CustodyError, match="bring that one back"):
        await provision(settings, sessions, rpc)


async def _company_micros(rpc: Rpc, file: dict[str, Any]) -> object:
    dollar, company = (bytes.fromhex(text[2:]) for text in (file["contracts"]["dollar"], file["company"]["wallet"]))
    return await read(rpc, "TestDollar", dollar, "balanceOf", company)
