"""Deployment to a development chain: the contracts, who may do what on them, and test dollars.

Every transaction is signed by our own deployer and stored before it is sent, all of a deployment in one go (addresses
follow from nonces), so that it can be broken off anywhere, and an emptied chain gets the same contracts again at the
same addresses.
"""

from collections.abc import Sequence

from eth_utils.address import to_checksum_address
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import ContractName, constructor_inputs, creation_code, encode, function, function_data
from ledger.chain.acts import Act, store_once, until_mined
from ledger.chain.adopt import check_code, keep_contracts
from ledger.chain.custody import OPERATORS, Custody, CustodyError, OperatorName
from ledger.chain.delivery import Delivery
from ledger.chain.identity import identify, register_chain
from ledger.chain.models import Submission
from ledger.chain.network import FIELDS, Contracts, Network
from ledger.chain.rpc import Rpc, to_hex
from ledger.chain.submissions import lock_sender, next_nonce
from ledger.chain.transactions import Call, created_address
from ledger.chain.typed_data import CREDIT_NAME
from ledger.db.session import Sessions
from ledger.kernel.address_book import AddressBook, Coin, Contract, Token
from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.finality import Finality
from ledger.kernel.money import Micros

SYMBOL = "WCCM"
MICRO_CLASS = 0
LOWEST_LEVEL = 1
DAILY_ISSUE_CAP_KG = 1_000_000_000
FEE_BPS = 0
FEE_CAP_BPS = 100

DOLLAR_SYMBOL = "TUSD"
DOLLAR_DECIMALS = 6

ISSUER_ROLE = 1
VERIFIER_ROLE = 2
GUARDIAN_ROLE = 3
MATCHER_ROLE = 4
ANCHOR_ROLE = 5

GRANTED: tuple[OperatorName, ...] = ("issuer", "guardian", "matcher", "anchor")

CREATION_GAS = 6_000_000
CALL_GAS = 200_000
GAS_MONEY_WEI = 10**24

ORDER: tuple[ContractName, ...] = (
    "RoleManager",
    "RecordAnchor",
    "Relay",
    "TestDollar",
    "CarbonCredit",
    "CarbonMarket",
)


async def deploy(sessions: Sessions, rpc: Rpc, custody: Custody, *, network: str, finality: Finality) -> Contracts:
    """Sees that the network's chain has all contracts, with their roles granted; does what is missing.

    Raises:
        BlockchainUnavailable: it is no development chain, not the one that the database mirrors, or mines nothing.
        CustodyError: the contracts were deployed with another keystore.
        TransactionFailed: the chain refused a step.
    """
    identity = await identify(rpc)
    if not identity.is_development:
        raise BlockchainUnavailable(
            f"Chain {identity.chain_id} is no development chain; its contracts are deployed deliberately, by scripts.",
            chainId=identity.chain_id,
        )
    deployer = custody.operator("deployer")
    await _give_gas_money(rpc, custody)
    async with sessions.begin() as session:
        await register_chain(session, identity, network=network, finality=finality)
        await lock_sender(session, identity.chain_id, deployer.address)
        first = await _first_nonce(session, rpc, identity.chain_id, deployer.address)
        contracts = _contracts(deployer.address, first)
        acts = [*_creations(deployer.address, contracts), *_grants(custody, contracts)]
        await store_once(session, rpc, identity.chain_id, deployer, acts)

    delivery = Delivery(sessions, rpc, identity.chain_id, custody)
    mined = await until_mined(sessions, rpc, delivery, identity.chain_id, [act.purpose for act in acts])
    await check_code(rpc, contracts)
    blocks = {name: row.block_number or 0 for row in mined for name in ORDER if row.purpose == _purpose(name)}
    async with sessions.begin() as session:
        await keep_contracts(session, identity.chain_id, contracts, blocks)
    return contracts


async def address_book(session: AsyncSession, network: Network) -> AddressBook:
    """A deployment of ours to a development chain, as the scripts would write it down for another chain.

    Raises:
        NoResultFound: the contracts were not deployed by us.
    """
    custody, contracts = network.custody, network.contracts
    deployer = custody.operator("deployer").address
    arguments = _arguments(deployer, contracts)
    made = {name: await _creation(session, network.chain_id, name) for name in ORDER}
    return AddressBook(
        chain_id=network.chain_id,
        network="local",
        stands_for=network.name,
        deployer=to_checksum_address(deployer),
        first_nonce=made[ORDER[0]].nonce,
        multisig=to_checksum_address(deployer),
        roles={name: [to_checksum_address(custody.operator(name).address)] for name in GRANTED},
        coin=Coin(address=to_checksum_address(contracts.dollar), symbol=DOLLAR_SYMBOL, decimals=DOLLAR_DECIMALS),
        tokens={SYMBOL: Token(name=CREDIT_NAME, credit_class="micro")},
        contracts=[_listed(name, contracts.named()[name], arguments[name], made[name]) for name in ORDER],
        complete=True,
    )


async def _creation(session: AsyncSession, chain_id: int, name: ContractName) -> Submission:
    """The mined transaction that created a contract."""
    created = select(Submission).where(
        Submission.chain_id == chain_id,
        Submission.purpose == _purpose(name),
        Submission.block_number.is_not(None),
    )
    return (await session.scalars(created)).one()


def _listed(name: ContractName, address: bytes, arguments: Sequence[object], made: Submission) -> Contract:
    inputs = constructor_inputs(name)
    readable = [to_checksum_address(each) if isinstance(each, bytes) else each for each in arguments]
    return Contract(
        name=name,
        token=SYMBOL if name in {"CarbonCredit", "CarbonMarket"} else None,
        address=to_checksum_address(address),
        arguments=dict(zip((each["name"].strip("_") for each in inputs), readable, strict=True)),
        encoded_arguments=encode(inputs, arguments).hex(),
        block_number=made.block_number or 0,
        transaction_hash=to_hex(made.transaction_hash),
    )


async def grant_verifier(sessions: Sessions, rpc: Rpc, network: Network, *, verifier: bytes) -> None:
    """Lets an account sign issuances for the batches that name it."""
    manager = network.contracts.manager
    await _do(sessions, rpc, network, _grant(manager, VERIFIER_ROLE, verifier, f"grant verifier to {to_hex(verifier)}"))


async def mint_dollars(
    sessions: Sessions, rpc: Rpc, network: Network, *, to: bytes, total: Micros, purpose: str
) -> None:
    """Gives an account test dollars, once for each `purpose`."""
    data = function_data("TestDollar", "faucet", [to, int(total)])
    await _do(sessions, rpc, network, Act(purpose, Call(network.contracts.dollar, data, CALL_GAS)))


async def _do(sessions: Sessions, rpc: Rpc, network: Network, act: Act) -> None:
    async with sessions.begin() as session:
        await store_once(session, rpc, network.chain_id, network.custody.operator("deployer"), [act])
    delivery = Delivery(sessions, rpc, network.chain_id, network.custody)
    await until_mined(sessions, rpc, delivery, network.chain_id, [act.purpose])


async def _first_nonce(session: AsyncSession, rpc: Rpc, chain_id: int, deployer: bytes) -> int:
    """The nonce that the deployment began with, or begins with now."""
    begun = (
        await session.execute(
            select(Submission.sender, Submission.nonce)
            .where(Submission.chain_id == chain_id, Submission.purpose == _purpose(ORDER[0]))
            .order_by(Submission.submission_id)
            .limit(1)
        )
    ).one_or_none()
    if begun is None:
        return await next_nonce(session, rpc, chain_id, deployer)
    if begun.sender != deployer:
        raise CustodyError(
            "The custody keystore is not the one that this database's contracts were deployed with: bring that one "
            "back, or start with an empty database and an empty data folder."
        )
    return int(begun.nonce)


async def _give_gas_money(rpc: Rpc, custody: Custody) -> None:
    """Development nodes give ether for the asking."""
    await rpc.batch(
        [("anvil_setBalance", (to_hex(custody.operator(name).address), hex(GAS_MONEY_WEI))) for name in OPERATORS]
    )


def _purpose(name: ContractName) -> str:
    return f"deploy {name}"


def _contracts(deployer: bytes, first_nonce: int) -> Contracts:
    addresses = {name: created_address(deployer, nonce) for nonce, name in enumerate(ORDER, start=first_nonce)}
    return Contracts(**{field: addresses[name] for name, field in FIELDS.items()})


def _arguments(deployer: bytes, contracts: Contracts) -> dict[ContractName, Sequence[object]]:
    """What each constructor is given."""
    return {
        "RoleManager": [deployer],
        "RecordAnchor": [contracts.manager],
        "Relay": [],
        "TestDollar": [],
        "CarbonCredit": [CREDIT_NAME, SYMBOL, MICRO_CLASS, LOWEST_LEVEL, DAILY_ISSUE_CAP_KG, contracts.manager],
        "CarbonMarket": [contracts.credit, contracts.dollar, FEE_BPS, FEE_CAP_BPS, contracts.manager],
    }


def _creations(deployer: bytes, contracts: Contracts) -> list[Act]:
    arguments = _arguments(deployer, contracts)
    return [Act(_purpose(name), Call(b"", creation_code(name, arguments[name]), CREATION_GAS)) for name in ORDER]


def _grants(custody: Custody, contracts: Contracts) -> list[Act]:
    """Who may do what. Granting takes no 48 hours here: a development chain holds nothing of worth."""
    manager = contracts.manager
    issue, suspend, pause = (function("CarbonCredit", name).selector for name in ("issue", "suspend", "pause"))
    return [
        _restrict(manager, contracts.credit, [issue], ISSUER_ROLE, "let issuers issue"),
        _restrict(manager, contracts.credit, [suspend, pause], GUARDIAN_ROLE, "let guardians suspend and pause"),
        _restrict(manager, contracts.market, [pause], GUARDIAN_ROLE, "let guardians pause the market"),
        _grant(manager, ISSUER_ROLE, custody.operator("issuer").address, "grant issuer"),
        _grant(manager, GUARDIAN_ROLE, custody.operator("guardian").address, "grant guardian"),
        _grant(manager, ANCHOR_ROLE, custody.operator("anchor").address, "grant anchor"),
        _grant(manager, MATCHER_ROLE, custody.operator("matcher").address, "grant matcher"),
    ]


def _restrict(manager: bytes, target: bytes, selectors: Sequence[bytes], role: int, purpose: str) -> Act:
    data = function_data("RoleManager", "setTargetFunctionRole", [target, selectors, role])
    return Act(purpose, Call(manager, data, CALL_GAS))


def _grant(manager: bytes, role: int, account: bytes, purpose: str) -> Act:
    data = function_data("RoleManager", "grantRole", [role, account, 0])
    return Act(purpose, Call(manager, data, CALL_GAS))
