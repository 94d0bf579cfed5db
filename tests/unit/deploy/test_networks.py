"""The networks that can be deployed to."""

from pathlib import Path

import pytest
from eth_utils.address import is_checksum_address

from ledger.chain.identity import DEVELOPMENT_CHAINS
from scripts.deploy._core import config
from scripts.deploy._core.config import CONFIG, load
from scripts.deploy._core.errors import Refused

CHAIN_IDS = {
    "local": 31337,
    "local-geth": 1337,
    "sepolia": 11155111,
    "amoy": 80002,
    "fuji": 43113,
    "bnb-testnet": 97,
    "ethereum": 1,
    "polygon": 137,
    "avalanche": 43114,
    "bnb": 56,
}


def test_every_network_has_its_chain_id_and_stands_for_one_of_the_standards() -> None:
    networks = load().networks
    assert {name: network.chain_id for name, network in networks.items()} == CHAIN_IDS
    for kind in ("testnet", "mainnet"):
        stands_for = [network.stands_for for network in networks.values() if network.kind == kind]
        assert sorted(stands_for) == ["avalanche", "binance", "ethereum", "polygon"]


def test_every_live_network_names_a_coin_with_its_checksum_and_no_other_does() -> None:
    for name, network in load().networks.items():
        assert (network.coin is None) == (network.kind == "development"), name
        if network.coin:
            assert is_checksum_address(network.coin.address), name
            assert network.coin.decimals == (18 if network.stands_for == "binance" else 6), name
    addresses = [network.coin.address for network in load().networks.values() if network.coin]
    assert len(set(addresses)) == len(addresses)


def test_main_networks_are_those_that_cost_money() -> None:
    networks = load().networks
    assert {network.chain_id for network in networks.values() if network.kind == "mainnet"} == {1, 137, 43114, 56}
    development = {network.chain_id for network in networks.values() if network.kind == "development"}
    assert development == config.DEVELOPMENT_CHAINS == DEVELOPMENT_CHAINS


@pytest.mark.parametrize(
    ("instead_of", "written", "said"),
    [
        ("fee_cap_bps = 100", "fee_cap_bps = '100'", r"Expected `int`, got `str` - at `\$.contracts.fee_cap_bps`"),
        ("fee_cap_bps = 100", "fee_cap = 100", "contains unknown field `fee_cap`"),
        ("fee_bps = 0", "", "missing required field `fee_bps`"),
        ("[networks.local]", "[networks.local", "Expected ']'"),
    ],
)
def test_a_slip_in_the_file_is_told_with_its_place(tmp_path: Path, instead_of: str, written: str, said: str) -> None:
    file = tmp_path / "networks.toml"
    file.write_text(CONFIG.read_text().replace(instead_of, written, 1))
    with pytest.raises(Refused, match=said):
        load(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--config names another configuration"):
        load(tmp_path / "networks.toml")
