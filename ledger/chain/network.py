"""A chain as commands see it: its contracts and its keys."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import ADDABLE_NAMES, AddableName, ContractName
from ledger.chain.custody import Custody
from ledger.chain.models import Chain, Deployment
from ledger.chain.typed_data import CREDIT_NAME, DOLLAR_NAME, MARKET_NAME, Domain
from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.network_names import NetworkName


@dataclass(frozen=True, slots=True)
class Contracts:
    """Where our contracts stand on one chain, 20 bytes each."""

    credit: bytes
    market: bytes
    relay: bytes
    anchor: bytes
    dollar: bytes
    manager: bytes

    def named(self) -> dict[ContractName, bytes]:
        """The addresses by the contracts' names in their source."""
        return {name: getattr(self, field) for name, field in FIELDS.items()}


FIELDS: dict[ContractName, str] = {
    "RoleManager": "manager",
    "CarbonCredit": "credit",
    "CarbonMarket": "market",
    "RecordAnchor": "anchor",
    "Relay": "relay",
    "TestDollar": "dollar",
}


@dataclass(frozen=True, slots=True)
class Network:
    """A chain with our contracts on it, and the keys that we act with there."""

    chain_id: int
    name: NetworkName
    """The network's name in the standard, e.g. polygon."""
    contracts: Contracts
    custody: Custody

    @property
    def credit_domain(self) -> Domain:
        """Where signatures over credits count."""
        return Domain(CREDIT_NAME, self.chain_id, self.contracts.credit)

    @property
    def market_domain(self) -> Domain:
        """Where signatures over orders count."""
        return Domain(MARKET_NAME, self.chain_id, self.contracts.market)

    @property
    def dollar_domain(self) -> Domain:
        """Where signatures over test dollars count."""
        return Domain(DOLLAR_NAME, self.chain_id, self.contracts.dollar)


async def load_contracts(session: AsyncSession, chain_id: int) -> Contracts:
    """The contracts that were deployed to this chain.

    Raises:
        BlockchainUnavailable: not all of them are.
    """
    rows = await session.execute(
        select(Deployment.name, Deployment.address).where(Deployment.chain_id == chain_id, Deployment.is_main)
    )
    addresses: dict[str, bytes] = dict(rows.all())
    missing = sorted(name for name in FIELDS if name not in addresses)
    if missing:
        raise BlockchainUnavailable(
            f"Chain {chain_id} lacks contracts ({', '.join(missing)}); run `ccm up` once in development mode, "
            "or deploy them.",
            chainId=chain_id,
            missing=missing,
        )
    return Contracts(**{field: addresses[name] for name, field in FIELDS.items()})


def name_of(deployment: Deployment) -> AddableName:
    """The contract's name in its source.

    Raises:
        BlockchainUnavailable: this release knows no such contract.
    """
    for name in ADDABLE_NAMES:
        if name == deployment.name:
            return name
    raise BlockchainUnavailable(
        f"This release knows no contract {deployment.name}; a newer one entered it into the database.",
        contract=deployment.name,
    )


async def load_network(session: AsyncSession, name: NetworkName, custody: Custody) -> Network:
    """The network of this name, as the database knows it.

    Raises:
        BlockchainUnavailable: it was never deployed to.
    """
    chain = await session.scalar(select(Chain).where(Chain.network == name))
    if chain is None:
        raise unknown_network(name)
    contracts = await load_contracts(session, chain.chain_id)
    return Network(chain.chain_id, name, contracts, custody)


def unknown_network(name: str) -> BlockchainUnavailable:
    """What to say where the database knows no chain for a network."""
    return BlockchainUnavailable(
        f"This database knows no chain for {name}: run `ccm up` once in development mode, or deploy the contracts.",
        network=name,
    )
