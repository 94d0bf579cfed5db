"""What is looked at before anything is sent: keys, the multisig, and the coin."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from eth_account import Account
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from hexbytes import HexBytes

from ledger.kernel.address_book import Coin
from scripts.deploy._core.config import Options, Target
from scripts.deploy._core.errors import DeploymentError, Refused
from scripts.deploy._core.node import Node

TEST_MNEMONICS = (
    "test test test test test test test test test test test junk",  # anvil, hardhat, Ape
    "myth like bonus scare over problem client lizard pioneer submit female collect",  # ganache
    "candy maple cake sugar pudding cream honey rich smooth crumble sweet treat",  # truffle
)
TEST_PATHS = ("m/44'/60'/0'/0/{}", "m/44'/60'/{}'/0/0", "m/44'/60'/0'/{}")
TEST_KEYS_EACH = 50
LEAST_DECIMALS = 6
"""CarbonMarket's prices are in millionths."""


def check_accounts(node: Node, target: Target, deployer: str, options: Options) -> None:
    """Refuses keys that everybody knows, a deployer that would keep something, and an admin that is no contract.

    Raises:
        Refused: the message says which account and why.
    """
    named = [("the multisig", target.multisig)]
    named += [(f"the {role}", holder) for role, holders in target.holders.items() for holder in holders]
    for whose, address in named:
        if address == deployer:
            raise Refused(f"{deployer} deploys, and is to hold nothing afterwards: it cannot be {whose} too.")
    if target.is_development:
        return
    for whose, address in [("the deployer", deployer), *named]:
        if address in test_accounts():
            raise Refused(f"{whose} {address} is a test account whose key is published: anyone can act with it.")
    if not options.eoa_admin and not node.code(target.multisig):
        raise Refused(
            f"The multisig {target.multisig} holds no code on {target.name}: it is an account with a single key, or a "
            "multisig of another network. Deploy the multisig first; --eoa-admin accepts an account with one key."
        )


@cache
def test_accounts() -> frozenset[str]:
    """The accounts whose keys come from the mnemonics that development tools publish."""
    return frozenset(_test_accounts())


def _test_accounts() -> Iterator[str]:
    for mnemonic in TEST_MNEMONICS:
        seed = seed_from_mnemonic(mnemonic, "")
        for path in TEST_PATHS:
            for index in range(TEST_KEYS_EACH):
                yield Account.from_key(HexBytes(key_from_seed(seed, path.format(index)))).address


def described_coin(node: Node, target: Target) -> Target:
    """The target with the coin as the chain describes it; what the configuration says of it must agree.

    Raises:
        Refused: nothing stands there, it is no ERC-20, it has fewer than 6 decimals, or it is another coin.
    """
    coin = target.coin
    if coin is None:
        return target
    found = read_coin(node, coin.address)
    if coin.symbol and coin != found:
        raise Refused(
            f"The coin at {coin.address} is {found.symbol} with {found.decimals} decimals; the configuration expects "
            f"{coin.symbol} with {coin.decimals}. Correct whichever is wrong."
        )
    if found.decimals < LEAST_DECIMALS:
        raise Refused(f"{found.symbol} has {found.decimals} decimals; prices need at least {LEAST_DECIMALS}.")
    return replace(target, coin=found)


def read_coin(node: Node, address: str) -> Coin:
    """The coin at an address as it describes itself.

    Raises:
        Refused: nothing stands there, or it does not describe itself as an ERC-20.
    """
    if not node.code(address):
        raise Refused(f"No coin stands at {address} on this chain; name another with --coin.")
    try:
        symbol: str = node.read("TestDollar", address, "symbol")
        decimals: int = node.read("TestDollar", address, "decimals")
    except DeploymentError as error:
        raise Refused(f"What stands at {address} is no ERC-20 coin: {error}") from None
    return Coin(address=address, symbol=symbol, decimals=decimals)
