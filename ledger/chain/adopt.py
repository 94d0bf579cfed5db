"""Taking up a deployment that the scripts made: its address book becomes rows, and the mirror starts where it began."""

import logging
from collections.abc import Mapping
from typing import Literal

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import CONTRACT_NAMES, ContractName, function_data, function_result
from ledger.chain.custody import Custody, OperatorName
from ledger.chain.identity import identify, register_chain
from ledger.chain.models import Deployment
from ledger.chain.network import FIELDS, Contracts
from ledger.chain.rpc import Rpc, to_bytes, to_hex
from ledger.db.session import Sessions
from ledger.kernel.address_book import AddressBook, Contract, UnusableAddressBook, address_bytes
from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.finality import Finality

log = logging.getLogger(__name__)

CREDIT_CLASS: Literal["micro"] = "micro"
"""The class of credits that is mirrored."""
COIN_DECIMALS = 6
"""Coins are counted in millionths throughout."""
OPERATOR_ROLES: dict[OperatorName, int] = {"issuer": 1, "matcher": 4, "anchor": 5}


async def adopt(
    sessions: Sessions, rpc: Rpc, custody: Custody | None, book: AddressBook, *, network: str, finality: Finality
) -> Contracts:
    """Enters the contracts of an address book, unless they are entered already, after a look at the chain.

    Warns of every key in `custody` that lacks its role on that chain: the contracts' admin can grant it any time.
    Without `custody` the chain is only mirrored.

    Raises:
        UnusableAddressBook: it is of another chain or network, unfinished, or of a coin that can't be counted here.
        BlockchainUnavailable: the node's chain is not the one that the database mirrors, or lacks the contracts.
    """
    identity = await identify(rpc)
    _check_fits(book, identity.chain_id, network, is_development=identity.is_development)
    contracts, blocks = _read(book)
    await check_code(rpc, contracts)
    async with sessions.begin() as session:
        await register_chain(session, identity, network=network, finality=finality, first_block=min(blocks.values()))
        await keep_contracts(session, identity.chain_id, contracts, blocks)
    if custody is not None:
        await _warn_of_missing_roles(rpc, custody, contracts)
    return contracts


async def check_code(rpc: Rpc, contracts: Contracts) -> None:
    """Sees that something stands at every address.

    Raises:
        BlockchainUnavailable: nothing does at one of them.
    """
    named = contracts.named()
    codes = await rpc.batch([("eth_getCode", (to_hex(named[name]), "latest")) for name in CONTRACT_NAMES])
    missing = [name for name, code in zip(CONTRACT_NAMES, codes, strict=True) if code == "0x"]
    if missing:
        raise BlockchainUnavailable(
            f"The chain has no {', '.join(missing)} where the database says. It is not the chain that was deployed to: "
            "bring its saved state back, or start with an empty database and an empty data folder.",
            missing=missing,
        )


async def keep_contracts(
    session: AsyncSession, chain_id: int, contracts: Contracts, blocks: Mapping[ContractName, int]
) -> None:
    """Enters where the main contracts stand, and in which blocks they came.

    What was added beside them stays, as does what was main before.
    """
    named = contracts.named()
    rows = [
        {"chain_id": chain_id, "address": address, "name": name, "is_main": True, "block_number": blocks[name]}
        for name, address in named.items()
    ]
    await session.execute(
        update(Deployment)
        .where(Deployment.chain_id == chain_id, Deployment.is_main, Deployment.address.not_in(named.values()))
        .values(is_main=False)
    )
    fresh = insert(Deployment).values(rows)
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=[Deployment.chain_id, Deployment.address],
            set_={"block_number": fresh.excluded.block_number, "is_main": True},
        )
    )


def _check_fits(book: AddressBook, chain_id: int, network: str, *, is_development: bool) -> None:
    if book.chain_id != chain_id:
        raise UnusableAddressBook(f"The address book is of chain {book.chain_id}, the node serves chain {chain_id}.")
    if not book.complete:
        raise UnusableAddressBook(
            f"The deployment to {book.network} is not finished; run `ape run deploy all` again, it goes on."
        )
    if book.stands_for != network and not is_development:
        raise UnusableAddressBook(
            f"{book.network} stands for {book.stands_for}, not for {network}: set CCM_NETWORK={book.stands_for}."
        )
    if book.coin is None or book.coin.decimals != COIN_DECIMALS:
        raise UnusableAddressBook(
            f"The coin on {book.network} does not have {COIN_DECIMALS} decimals; the ledger counts in millionths only."
        )


def _read(book: AddressBook) -> tuple[Contracts, dict[ContractName, int]]:
    """The contracts that are mirrored, and the blocks that they came in; the coin may be older than all of them."""
    symbol = book.token_of(CREDIT_CLASS)
    standing: dict[ContractName, Contract] = {}
    for name in CONTRACT_NAMES:
        if found := book.find(name) or book.find(name, symbol):
            standing[name] = found
    missing = sorted(FIELDS.keys() - standing.keys() - {"TestDollar"})
    if missing or book.coin is None:
        raise UnusableAddressBook(f"The address book of {book.network} lacks {', '.join(missing) or 'a coin'}.")
    addresses = {name: address_bytes(contract.address) for name, contract in standing.items()}
    addresses["TestDollar"] = address_bytes(book.coin.address)
    first = min(contract.block_number for contract in standing.values())
    blocks = {name: standing[name].block_number if name in standing else first for name in FIELDS}
    return Contracts(**{FIELDS[name]: address for name, address in addresses.items()}), blocks


async def _warn_of_missing_roles(rpc: Rpc, custody: Custody, contracts: Contracts) -> None:
    asked = [(name, custody.operator(name).address, role) for name, role in OPERATOR_ROLES.items()]
    calls = [
        {"to": to_hex(contracts.manager), "data": to_hex(function_data("RoleManager", "hasRole", [role, account]))}
        for _, account, role in asked
    ]
    answers = await rpc.batch([("eth_call", (call, "latest")) for call in calls])
    for (name, account, _), answer in zip(asked, answers, strict=True):
        if not function_result("RoleManager", "hasRole", to_bytes(answer))[0]:
            log.warning("%s does not hold the role %s yet: the contracts' admin has to grant it", to_hex(account), name)
