"""What a deployment refuses before it sends anything."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from scripts.deploy._core.errors import Refused
from scripts.deploy._core.operate import plan
from tests.support.deploying import (
    MULTISIG,
    OPTIONS,
    STRANGER,
    Chain,
    Key,
    Operator,
    coin_code,
    differences,
    running_chain,
)

ANVIL_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""The key of the first account of every development node."""
COIN = "0x00000000000000000000000000000000000000cc"


@pytest.fixture(scope="module")
def polygon() -> Iterator[Chain]:
    """A node with the chain id of a main network."""
    with running_chain(137) as chain:
        yield chain


def refused(operator: Operator) -> str:
    """Why a plan is refused; nothing was sent."""
    with pytest.raises(Refused) as refusal:
        plan(operator.chain.node(), operator.key.address, operator.request())
    assert operator.nonce == 0
    return str(refusal.value)


def test_a_main_network_is_deployed_to_only_if_it_is_meant(polygon: Chain, tmp_path: Path) -> None:
    operator = Operator(polygon, tmp_path)
    assert "polygon is a main network: what is sent there costs real money. Say --mainnet" in refused(operator)
    operator.options = replace(OPTIONS, mainnet=True)
    assert differences(operator.deploy()) == []
    assert operator.book.network == "polygon"


def test_a_test_key_is_refused_as_deployer(operator: Operator) -> None:
    operator.key = Key(ANVIL_KEY)
    assert "the deployer 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 is a test account" in refused(operator)


@pytest.mark.parametrize(
    ("mnemonic", "path"),
    [
        ("test test test test test test test test test test test junk", "m/44'/60'/0'/0/9"),
        ("test test test test test test test test test test test junk", "m/44'/60'/0'/0/49"),
        ("myth like bonus scare over problem client lizard pioneer submit female collect", "m/44'/60'/0'/0/3"),
    ],
)
def test_a_test_key_is_refused_as_holder_of_a_role(operator: Operator, mnemonic: str, path: str) -> None:
    Account.enable_unaudited_hdwallet_features()
    known = Account.from_mnemonic(mnemonic, account_path=path).address
    operator.options = replace(OPTIONS, holders={**OPTIONS.holders, "verifier": [known]})
    assert f"the verifier {known} is a test account whose key is published" in refused(operator)


def test_an_account_with_one_key_administers_only_if_it_is_meant(operator: Operator) -> None:
    operator.options = replace(OPTIONS, multisig=STRANGER)
    assert f"The multisig {STRANGER} holds no code on amoy" in refused(operator)
    operator.options = replace(OPTIONS, multisig=STRANGER, eoa_admin=True)
    assert differences(operator.deploy()) == []


def test_the_deployer_keeps_nothing(operator: Operator) -> None:
    operator.options = replace(OPTIONS, holders={**OPTIONS.holders, "anchor": [operator.key.address]})
    assert "is to hold nothing afterwards: it cannot be the anchor too" in refused(operator)
    operator.options = replace(OPTIONS, multisig=operator.key.address)
    assert "it cannot be the multisig too" in refused(operator)


def test_all_that_is_not_said_is_listed_at_once(operator: Operator) -> None:
    operator.options = replace(OPTIONS, multisig=None, holders={"issuer": [MULTISIG], "guardian": ["none"]})
    told = refused(operator).splitlines()
    assert len(told) == 4
    assert told[0].startswith("- who administers the contracts is not said: --multisig")
    assert [line.split(":")[0] for line in told[1:]] == [
        f"- nobody is said to be {role}" for role in ("verifier", "matcher", "anchor")
    ]


def test_an_issuer_does_not_verify(operator: Operator) -> None:
    operator.options = replace(OPTIONS, holders={**OPTIONS.holders, "verifier": OPTIONS.holders["issuer"]})
    assert "cannot be issuer and verifier" in refused(operator)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0x00000000000000000000000000000000000000a1x", "is no address"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD".swapcase().replace("0X", "0x"), "the checksum of"),
        ("0x" + "00" * 20, "nobody has the address zero"),
    ],
)
def test_an_address_that_was_mistyped_is_noticed(operator: Operator, typed: str, said: str) -> None:
    operator.options = replace(OPTIONS, multisig=typed)
    assert said in refused(operator)


def test_a_coin_that_is_not_the_configured_one_is_refused(operator: Operator) -> None:
    named = "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582"
    operator.chain.ask("anvil_setCode", named, coin_code("USDC", 18))
    assert "is USDC with 18 decimals; the configuration expects USDC with 6" in refused(operator)
    operator.chain.ask("anvil_setCode", named, coin_code("USDT", 6))
    assert "is USDT with 6 decimals" in refused(operator)
    operator.chain.ask("anvil_setCode", named, "0x")
    assert f"No coin stands at {named}" in refused(operator)


def test_a_coin_of_the_operators_own_choice_has_at_least_six_decimals(operator: Operator) -> None:
    operator.options = replace(OPTIONS, coin=COIN)
    operator.chain.ask("anvil_setCode", COIN, coin_code("GUSD", 2))
    assert "GUSD has 2 decimals; prices need at least 6" in refused(operator)
    operator.chain.ask("anvil_setCode", COIN, "0x00")
    assert "is no ERC-20 coin" in refused(operator)
    operator.chain.ask("anvil_setCode", COIN, coin_code("DAI", 18))
    assert differences(operator.deploy()) == []
    assert operator.book.coin is not None
    assert (operator.book.coin.symbol, operator.book.coin.decimals) == ("DAI", 18)
    operator.options = OPTIONS  # what the deployment began with is remembered
    assert differences(operator.deploy()) == []


def test_an_unknown_chain_is_refused(tmp_path: Path) -> None:
    with running_chain(4242) as chain:
        assert "serves chain 4242, which the configuration does not name" in refused(Operator(chain, tmp_path))


def test_contracts_for_playing_stand_on_development_chains_only(operator: Operator, tmp_path: Path) -> None:
    steps = plan(operator.chain.node(), operator.key.address, operator.request())[1].steps
    assert not any("TestDollar" in step.purpose for step in steps)
    with running_chain(31337) as chain:
        playing = Operator(chain, tmp_path, key=Key(ANVIL_KEY))
        assert differences(playing.deploy()) == []
        assert playing.book.find("TestDollar") is not None
        assert playing.book.coin is not None
        assert playing.book.coin.symbol == "TUSD"
