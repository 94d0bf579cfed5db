import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.hdaccount import seed_from_mnemonic
from pydantic import SecretStr

from ledger.chain.custody import Custody, CustodyError
from ledger.chain.keystore import KEYSTORE_FILE, PASSPHRASE_FILE, open_custody
from ledger.kernel.settings import Settings

MNEMONIC = "test test test test test test test test test test test junk"


def test_holders_and_operators_have_the_keys_that_any_hd_wallet_derives() -> None:
    Account.enable_unaudited_hdwallet_features()
    custody = Custody(seed_from_mnemonic(MNEMONIC, ""))

    third = Account.from_mnemonic(MNEMONIC, account_path="m/44'/60'/0'/0/3")
    relayer = Account.from_mnemonic(MNEMONIC, account_path="m/44'/60'/1'/0/1")
    assert custody.holder(3).address == bytes.fromhex(third.address[2:])
    assert custody.operator("relayer").address == bytes.fromhex(relayer.address[2:])


async def test_a_restart_finds_the_same_keys_in_files_that_only_their_owner_may_read(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    first = (await open_custody(settings)).holder(0).address

    assert (await open_custody(settings)).holder(0).address == first
    for name in (KEYSTORE_FILE, PASSPHRASE_FILE):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert "seed" in json.loads((tmp_path / KEYSTORE_FILE).read_text())


async def test_production_wants_a_passphrase_and_refuses_one_that_lies_beside_the_keystore(tmp_path: Path) -> None:
    with pytest.raises(CustodyError, match="CCM_CUSTODY_PASSPHRASE"):
        await open_custody(Settings(mode="production", data=tmp_path))

    await open_custody(Settings(data=tmp_path))
    passphrase = SecretStr((tmp_path / PASSPHRASE_FILE).read_text())
    with pytest.raises(CustodyError, match="development only"):
        await open_custody(Settings(mode="production", data=tmp_path, custody_passphrase=passphrase))


async def test_a_wrong_passphrase_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    await open_custody(Settings(data=tmp_path))
    kept = (tmp_path / KEYSTORE_FILE).read_bytes()

    (tmp_path / PASSPHRASE_FILE).write_text("another")
    with pytest.raises(CustodyError, match="does not open"):
        await open_custody(Settings(data=tmp_path))
    assert (tmp_path / KEYSTORE_FILE).read_bytes() == kept
