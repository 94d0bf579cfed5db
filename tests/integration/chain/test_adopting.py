"""A service takes up the contracts that the deployment scripts put on a chain, by their address book."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from eth_utils.address import to_checksum_address
from msgspec.structs import replace as changed
from pydantic import SecretStr
from sqlalchemy import func, select

from ccm.provision import BOOKS_FOLDER, Provisioned, provision
from ccm.stack.anvil import EmbeddedAnvil
from indexer import Endpoints, Indexer
from ledger.chain import Rpc
from ledger.chain.custody import OperatorName
from ledger.chain.keystore import open_custody
from ledger.chain.models import Chain, ChainEvent
from ledger.db.session import Sessions
from ledger.kernel.address_book import AddressBook, UnusableAddressBook, address_bytes, file_of
from ledger.kernel.settings import Settings
from tests.support.deploying import AMOY, OPTIONS, Operator, differences, running_chain
from tests.support.indexing import MIRRORS, WINDOW

CHAIN = 31_337
Starting = Callable[[Path], Awaitable[Provisioned]]


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Somebody who can deploy to Polygon's test network."""
    with running_chain(AMOY) as chain:
        yield Operator(chain, tmp_path_factory.mktemp("books"))


@pytest.fixture
def settings(operator: Operator, tmp_path: Path, database_url: str) -> Settings:
    """A service on that network, with the operator's address books."""
    return Settings(
        data=tmp_path / "data",
        database_url=SecretStr(database_url),
        blockchain_rpc=operator.chain.url,
        deployments=operator.folder,
    )


@pytest_asyncio.fixture
async def amoy(operator: Operator) -> AsyncIterator[Rpc]:
    async with Rpc(operator.chain.url) as node:
        yield node


@pytest.fixture
def starting(settings: Settings, sessions: Sessions, amoy: Rpc) -> Starting:
    """Starts the service with the address books of a folder."""
    return lambda books: provision(settings.model_copy(update={"deployments": books}), sessions, amoy)


@pytest.fixture(scope="module")
def deployed(operator: Operator) -> Operator:
    """The same, done."""
    assert differences(operator.deploy()) == []
    return operator


async def test_a_service_mirrors_what_was_deployed_from_its_first_block_on(
    deployed: Operator, settings: Settings, sessions: Sessions, amoy: Rpc
) -> None:
    sent = deployed.nonce
    provisioned = await provision(settings, sessions, amoy)
    assert deployed.nonce == sent, "nothing was deployed"

    book, contracts = deployed.book, provisioned.network.contracts
    assert provisioned.network.chain_id == AMOY
    for name, token, address in (
        ("RoleManager", None, contracts.manager),
        ("CarbonCredit", "WCCM", contracts.credit),
        ("CarbonMarket", "WCCM", contracts.market),
        ("Relay", None, contracts.relay),
        ("RecordAnchor", None, contracts.anchor),
    ):
        stands = book.find(name, token)
        assert stands is not None
        assert address == address_bytes(stands.address)
    assert book.coin is not None
    assert contracts.dollar == address_bytes(book.coin.address)

    async with sessions() as session:
        assert await session.scalar(select(Chain.next_block)) == book.contracts[0].block_number
    indexer = Indexer(sessions, Endpoints([amoy]), AMOY, mirrors=MIRRORS, window=WINDOW)
    await indexer.catch_up()
    async with sessions() as session:
        granted = select(func.count()).select_from(ChainEvent).where(ChainEvent.name == "RoleGranted")
        assert await session.scalar(granted) == 6, "the deployer, four holders and the multisig"

    again = await provision(settings, sessions, amoy)
    assert again.network.contracts == contracts


@pytest.mark.usefixtures("deployed")
async def test_keys_that_lack_their_role_are_named(
    settings: Settings, sessions: Sessions, amoy: Rpc, caplog: pytest.LogCaptureFixture
) -> None:
    custody = await open_custody(settings)
    with caplog.at_level(logging.WARNING, logger="ledger.chain.adopt"):
        await provision(settings, sessions, amoy)
    for name in ("issuer", "matcher", "anchor"):
        address = "0x" + custody.operator(name).address.hex()
        assert f"{address} does not hold the role {name} yet" in caplog.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda book: changed(book, complete=False), "is not finished; run `ape run deploy all` again"),
        (lambda book: changed(book, stands_for="avalanche"), "set CCM_NETWORK=avalanche"),
        (lambda book: changed(book, chain_id=137), "is of chain 137, the node serves chain 80002"),
        (lambda book: changed(book, coin=changed(book.coin, decimals=18)), "does not have 6 decimals"),
        (lambda book: changed(book, contracts=book.contracts[1:]), "lacks RoleManager"),
        (lambda book: changed(book, tokens={}), "lacks CarbonCredit, CarbonMarket"),
    ],
)
async def test_a_book_that_does_not_fit_is_not_taken_up(
    change: Callable[[AddressBook], AddressBook], said: str, deployed: Operator, starting: Starting, tmp_path: Path
) -> None:
    change(deployed.book).write(file_of(tmp_path, AMOY))
    with pytest.raises(UnusableAddressBook, match=said):
        await starting(tmp_path)


async def test_a_live_chain_without_a_book_says_what_to_do(starting: Starting, tmp_path: Path) -> None:
    with pytest.raises(UnusableAddressBook, match=r"80002\.json is missing. Deploy to that chain first"):
        await starting(tmp_path)


async def test_books_that_are_named_count_on_a_development_chain_too(
    settings: Settings, sessions: Sessions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    custody = await open_custody(settings)
    operators: tuple[OperatorName, ...] = ("issuer", "matcher", "anchor")
    issuer, matcher, anchor = ([to_checksum_address(custody.operator(name).address)] for name in operators)
    holders = {**OPTIONS.holders, "issuer": issuer, "matcher": matcher, "anchor": anchor}
    with running_chain(CHAIN) as chain:
        operator = Operator(chain, tmp_path, options=replace(OPTIONS, holders=holders))
        assert differences(operator.deploy()) == []
        credit = operator.book.find("CarbonCredit", "WCCM")
        async with Rpc(chain.url) as rpc:
            here = settings.model_copy(update={"deployments": tmp_path, "blockchain_rpc": chain.url})
            with caplog.at_level(logging.WARNING, logger="ledger.chain.adopt"):
                provisioned = await provision(here, sessions, rpc)
    assert credit is not None
    assert provisioned.network.contracts.credit == address_bytes(credit.address)
    assert "does not hold" not in caplog.text


async def test_a_development_deployment_is_written_in_the_same_form(
    tmp_path: Path, database_url: str, sessions: Sessions, anvil: EmbeddedAnvil, rpc: Rpc
) -> None:
    settings = Settings(data=tmp_path / "data", database_url=SecretStr(database_url), blockchain_rpc=anvil.url)
    first = await provision(settings, sessions, rpc)
    book = _book(first)
    assert (book.chain_id, book.stands_for, book.complete) == (CHAIN, "polygon", True)
    market, credit = book.find("CarbonMarket", "WCCM"), book.find("CarbonCredit", "WCCM")
    assert market is not None
    assert credit is not None
    assert address_bytes(market.address) == first.network.contracts.market
    assert market.arguments["credit"] == credit.address
    creation = await rpc.call("eth_getTransactionByHash", market.transaction_hash)
    assert creation["input"].endswith(market.encoded_arguments)
    assert int(creation["blockNumber"], 16) == market.block_number

    await provision(settings, sessions, rpc)
    assert _book(first) == book


def _book(provisioned: Provisioned) -> AddressBook:
    return AddressBook.read(file_of(provisioned.accounts_file.parent / BOOKS_FOLDER, CHAIN))
