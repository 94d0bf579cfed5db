"""The short form with one network, and the long one with many."""

import json

import pytest
from pydantic import ValidationError

from ledger.kernel.finality import Finality
from ledger.kernel.settings import Settings


def test_one_network_needs_nothing_but_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKCHAIN_RPC", "https://one https://two")
    monkeypatch.setenv("CCM_NETWORK", "avalanche")
    monkeypatch.setenv("CCM_CONFIRMATIONS", "12")
    settings = Settings()
    assert list(settings.followed) == ["avalanche"]
    assert settings.home.rule == Finality(depth=12)
    assert settings.home.nodes.calls == ("https://one", "https://two")
    assert settings.home.blocks_remembered == 256


def test_many_networks_come_as_json_or_name_by_name_with_the_home_network_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks = {"ethereum": {"rpc": ["https://one", "wss://two"]}, "local": {"rpc": "http://three", "finality": "3"}}
    monkeypatch.setenv("CCM_NETWORKS", json.dumps(networks))
    monkeypatch.setenv("CCM_NETWORKS__BINANCE__RPC", "https://four")
    monkeypatch.setenv("BLOCKCHAIN_RPC", "https://five")
    settings = Settings()
    assert list(settings.followed) == ["polygon", "ethereum", "local", "binance"]
    assert settings.followed["ethereum"].rule == Finality(tag="finalized")
    assert settings.followed["ethereum"].nodes.heads == ("wss://two",)
    assert settings.followed["local"].rule == Finality(depth=3)


@pytest.mark.parametrize(
    ("networks", "complaint"),
    [
        ({"dogecoin": {"rpc": "https://one"}}, "Input should be 'ethereum', 'polygon'"),
        ({"ethereum": {"rpc": "https://one", "finality": "soon"}}, "is no finality"),
        ({"ethereum": {"rpc": "ftp://one"}}, "http:// or https://"),
        ({"ethereum": {"rpc": "https://one", "finality": "300", "window": 100}}, "needs a window"),
        ({"polygon": {"rpc": "https://one"}}, "named twice"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, networks: dict[str, object], complaint: str
) -> None:
    monkeypatch.setenv("BLOCKCHAIN_RPC", "https://five")
    monkeypatch.setenv("CCM_NETWORKS", json.dumps(networks))
    with pytest.raises(ValidationError, match=complaint):
        Settings()
