"""What a check looks at: the mirror at one snapshot, and the chain at the block that this snapshot shows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import ContractName
from ledger.chain.models import Chain, Deployment
from ledger.chain.reader import ChainReader
from ledger.db.base import Base
from ledger.kernel.errors import BlockchainUnavailable

Key = TypeVar("Key")
Row = TypeVar("Row", bound=Base)

Report = Callable[[str, int, int], None]
"""Told how far a step is: its name, what is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A row of the mirror that is not what the chain says."""

    table: str
    key: str
    """What names the row in its table; `all` where a sum over the table is meant."""
    says: str
    """What is wrong with it, in words."""
    block: int | None = None
    """The lowest block that can explain it; None of a sum, whose rows have drifts of their own."""

    def __str__(self) -> str:
        return f"{self.table} {self.key}: {self.says}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    number: int
    """The invariant's number in docs/invariants.md."""
    what: str
    checked: int
    """How many things were compared."""
    drifts: tuple[Drift, ...]
    """Where it does not hold."""

    @property
    def holds(self) -> bool:
        """Whether nothing drifted."""
        return not self.drifts


@dataclass(frozen=True, slots=True)
class Told:
    """What the chain's log names, and the first block that names it: also what the mirror may have forgotten."""

    credit_holders: dict[bytes, int] = field(default_factory=dict)
    coin_holders: dict[bytes, int] = field(default_factory=dict)
    batches: dict[bytes, int] = field(default_factory=dict)
    orders: dict[bytes, int] = field(default_factory=dict)
    """By ref, those that were placed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A snapshot of the database, and the chain at the same block."""

    session: AsyncSession
    reader: ChainReader
    chain_id: int
    first_block: int
    """The first block that can have an event of ours."""
    block_number: int
    block_hash: bytes
    contracts: Mapping[bytes, ContractName]
    """Whose events are mirrored, by address."""
    told: Told = field(default_factory=Told)

    async def rows(self, kind: type[Row]) -> list[Row]:
        """Every row of this kind that belongs to the chain."""
        chained = select(kind).where(kind.__table__.c.chain_id == self.chain_id)
        return list(await self.session.scalars(chained))


async def first_block(session: AsyncSession, chain_id: int) -> int:
    """The block in which the first of our contracts came to the chain."""
    first = await session.scalar(select(func.min(Deployment.block_number)).where(Deployment.chain_id == chain_id))
    return first or 0


async def mirrored_contracts(session: AsyncSession, chain_id: int) -> dict[bytes, ContractName]:
    """The contracts whose events are all mirrored, by address; one that was added later may still be on its way."""
    rows = await session.execute(
        select(Deployment.address, Deployment.name).where(
            Deployment.chain_id == chain_id, Deployment.next_block.is_(None)
        )
    )
    return {row.address: row.name for row in rows}


async def mirrored_block(session: AsyncSession, chain_id: int) -> tuple[int, bytes]:
    """Number and hash of the newest block that the snapshot shows.

    Raises:
        BlockchainUnavailable: nothing is mirrored.
    """
    chain = await session.get_one(Chain, chain_id)
    if chain.last_hash is None:
        raise BlockchainUnavailable(
            f"No block of chain {chain_id} is mirrored yet: start `ccm up` and try again.", chainId=chain_id
        )
    return chain.next_block - 1, chain.last_hash


def differences(
    table: type[Base],
    mirror: Mapping[Key, Any],
    chain: Mapping[Key, Any],
    *,
    name: Callable[[Key], str],
    block: Callable[[Key], int | None],
) -> list[Drift]:
    """Where two sides disagree, row by row; what one side lacks is None there."""
    return [
        Drift(
            table.__tablename__,
            name(key),
            f"the mirror says {shown(mirror.get(key))}, the chain {shown(chain.get(key))}",
            block(key),
        )
        for key in sorted(mirror.keys() | chain.keys(), key=repr)
        if mirror.get(key) != chain.get(key)
    ]


def sums(table: type[Base], mirror: Mapping[str, int], chain: Mapping[str, int]) -> list[Drift]:
    """Where two sides disagree about what rows sum to."""
    return differences(table, mirror, chain, name=lambda what: f"all ({what})", block=lambda _: None)


def hexed(key: bytes) -> str:
    """A hash or an address as people read it."""
    return "0x" + key.hex()


def shown(value: Any) -> str:
    """A value as people read it."""
    match value:
        case bytes():
            return hexed(value)
        case dict():
            return "{" + ", ".join(f"{key}: {shown(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(shown(each) for each in value) + "]"
        case _:
            return str(value)


def placed(place: tuple[int, int]) -> str:
    """Where an event stands: block and index."""
    return f"{place[0]}/{place[1]}"


def finding(number: int, what: str, checked: int, drifts: Iterable[Drift]) -> Finding:
    """A finding from whatever yields its drifts."""
    return Finding(number, what, checked, tuple(drifts))
