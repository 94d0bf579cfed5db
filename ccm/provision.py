"""The first start in development mode: contracts, accounts, keys and test dollars. Later starts complete what lacks.

It may be broken off at any point: every step is known by its own name in the database, so the next start takes up
there and does nothing twice.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account, Kind, authenticate, by_wallet, create_account, issue_api_key
from ledger.chain import (
    Custody,
    Network,
    Rpc,
    address_book,
    adopt,
    deploy,
    grant_verifier,
    identify,
    load_network,
    mint_dollars,
    queue_approvals,
)
from ledger.chain.keystore import open_custody
from ledger.db.session import Sessions
from ledger.kernel.address_book import AddressBook, file_of
from ledger.kernel.clock import now
from ledger.kernel.errors import InvalidApiKey, TokenExpired
from ledger.kernel.files import write_private
from ledger.kernel.money import Micros
from ledger.kernel.settings import Settings

ACCOUNTS_FILE = "dev-accounts.json"
BOOKS_FOLDER = "deployments"
"""Where a data folder keeps the address book of the contracts that were deployed for it."""
DEPLOYMENTS = Path(__file__).resolve().parents[1] / "scripts" / "deploy" / "deployments"
COMPANY_FUNDS = Micros(10_000_000_000)  # 10,000 test dollars


@dataclass(frozen=True, slots=True)
class Role:
    """An account that development begins with."""

    name: str
    kind: Kind
    custody_index: int


HOUSEHOLD = Role("household", "person", 0)
COMPANY = Role("company", "company", 1)
VERIFIER = Role("verifier", "verifier", 2)
OPERATOR = Role("operator", "operator", 3)
ROLES = (HOUSEHOLD, COMPANY, VERIFIER, OPERATOR)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What stands after the first start."""

    network: Network
    accounts: dict[str, Account]
    """By role: household, company, verifier, operator."""
    accounts_file: Path


async def provision(settings: Settings, sessions: Sessions, rpc: Rpc) -> Provisioned:
    """Brings a migrated database and a chain to where people can begin.

    On a development chain the contracts are deployed, unless `deployments` names address books; on a live one they
    stand already, and its admin grants our keys their roles.

    Raises:
        BlockchainUnavailable: the chain is not the one that this database mirrors, takes nothing, or is a live one
            without an address book.
        CustodyError: the keystore does not open, or is not the one that this database's wallets came from.
    """
    if settings.mode != "development":
        raise AssertionError("production is provisioned by its operators, step by step")
    custody = await open_custody(settings)
    ours = settings.deployments is None and (await identify(rpc)).is_development
    network = await _network(settings, sessions, rpc, custody, ours=ours)
    async with sessions.begin() as session:
        accounts = {role.name: await _account(session, network, role) for role in ROLES}

    if ours:
        await _endow(sessions, rpc, network, company=accounts[COMPANY.name].public_id)
    accounts_file = settings.data / ACCOUNTS_FILE
    async with sessions.begin() as session:
        await _write_accounts(session, settings, network, accounts, accounts_file)
    return Provisioned(network, accounts, accounts_file)


async def _endow(sessions: Sessions, rpc: Rpc, network: Network, *, company: str) -> None:
    """Lets the verifier verify, and gives the company dollars to play with: both need contracts of our own."""
    custody = network.custody
    await grant_verifier(sessions, rpc, network, verifier=custody.holder(VERIFIER.custody_index).address)
    await mint_dollars(
        sessions,
        rpc,
        network,
        to=custody.holder(COMPANY.custody_index).address,
        total=COMPANY_FUNDS,
        purpose=f"mint test dollars for {company}",
    )


async def _network(settings: Settings, sessions: Sessions, rpc: Rpc, custody: Custody, *, ours: bool) -> Network:
    """The network with its contracts: deployed by us, or as the scripts' address book has them."""
    if ours:
        await deploy(sessions, rpc, custody, network=settings.network, finality=settings.home.rule)
    else:
        chain_id = (await identify(rpc)).chain_id
        book = AddressBook.read(file_of(settings.deployments or DEPLOYMENTS, chain_id))
        await adopt(sessions, rpc, custody, book, network=settings.network, finality=settings.home.rule)
    async with sessions() as session:
        network = await load_network(session, settings.network, custody)
        if ours:
            book = await address_book(session, network)
            await asyncio.to_thread(book.write, file_of(settings.data / BOOKS_FOLDER, network.chain_id))
    return network


async def _account(session: AsyncSession, network: Network, role: Role) -> Account:
    """The role's account, with the allowances that its wallet trades on; made at the first start."""
    holder = network.custody.holder(role.custody_index)
    found = await by_wallet(session, holder.address)
    if found is not None:
        return found
    account = await create_account(
        session,
        kind=role.kind,
        tier="pro",
        home_network=network.name,
        moment=now(),
        wallet=holder.address,
        custody_index=role.custody_index,
    )
    await queue_approvals(session, network, account_id=account.account_id, holder=holder)
    return account


async def _write_accounts(
    session: AsyncSession, settings: Settings, network: Network, accounts: dict[str, Account], file: Path
) -> None:
    """Writes what people need to begin, with the keys that the file held before where they still open their account.

    The file is the only place of the keys: the database keeps hashes. So it is on disk before the caller commits
    fresh hashes; after a crash between the two the next start finds keys that open nothing and issues others.
    """
    if settings.database_url is None:
        raise AssertionError("a database is embedded or given")
    kept = await asyncio.to_thread(_read, file)
    told: dict[str, Any] = {
        name: {
            "userId": account.public_id,
            "apiKey": await _key(session, account, kept.get(name)),
            "wallet": to_checksum_address(account.wallet or b""),
        }
        for name, account in accounts.items()
    }
    contracts = network.contracts
    told["contracts"] = {
        "credit": to_checksum_address(contracts.credit),
        "market": to_checksum_address(contracts.market),
        "anchor": to_checksum_address(contracts.anchor),
        "dollar": to_checksum_address(contracts.dollar),
    }
    told["rpc"] = settings.nodes.calls[0]
    told["databaseUrl"] = settings.database_url.get_secret_value()
    await asyncio.to_thread(write_private, file, json.dumps(told, indent=2) + "\n")


async def _key(session: AsyncSession, account: Account, kept: Any) -> str:
    key = kept.get("apiKey") if isinstance(kept, dict) else None
    if isinstance(key, str) and await _opens(session, account, key):
        return key
    return await issue_api_key(session, account, environment="dev")


async def _opens(session: AsyncSession, account: Account, key: str) -> bool:
    try:
        found = await authenticate(session, key, mode="development")
    except (InvalidApiKey, TokenExpired):
        return False
    return found.account.account_id == account.account_id


def _read(file: Path) -> dict[str, Any]:
    """What the file tells; nothing where it is lost or damaged."""
    try:
        told = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
