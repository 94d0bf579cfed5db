"""What a check looks at: the mirror at one snapshot, and the chain at the block that this snapshot shows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.models import Chain, ChainBlock
from ledger.chain.reader import ChainReader
from ledger.db.base import Base
from ledger.kernel.errors import BlockchainUnavailable

Key = TypeVar("Key")
Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    number: int
    """The invariant's number in docs/invariants.md."""
    what: str
    checked: int
    """How many things were compared."""
    drifts: tuple[str, ...]
    """Where it does not hold, in words."""

    @property
    def holds(self) -> bool:
        """Whether nothing drifted."""
        return not self.drifts


@dataclass(frozen=True, slots=True)
class Evidence:
    """A snapshot of the database, and the chain at the same block."""

    session: AsyncSession
    reader: ChainReader
    chain_id: int
    block_number: int
    block_hash: bytes

    async def rows(self, kind: type[Row]) -> list[Row]:
        """Every row of this kind that belongs to the chain."""
        chained = select(kind).where(kind.__table__.c.chain_id == self.chain_id)
        return list(await self.session.scalars(chained))


async def mirrored_block(session: AsyncSession, chain_id: int) -> tuple[int, bytes]:
    """Number and hash of the newest block that the snapshot shows.

    Raises:
        BlockchainUnavailable: nothing is mirrored.
    """
    row = (
        await session.execute(
            select(ChainBlock.block_number, ChainBlock.block_hash)
            .join(Chain, Chain.chain_id == ChainBlock.chain_id)
            .where(Chain.chain_id == chain_id, ChainBlock.block_number == Chain.next_block - 1)
        )
    ).one_or_none()
    if row is None:
        raise BlockchainUnavailable(
            f"No block of chain {chain_id} is mirrored yet: start `ccm up` and try again.", chainId=chain_id
        )
    return row.block_number, row.block_hash


def differences(
    what: str, mirror: Mapping[Key, Any], chain: Mapping[Key, Any], name: Callable[[Key], str] = str
) -> list[str]:
    """Where two sides disagree, a sentence each; what one side lacks is None there."""
    return [
        f"{what} {name(key)}: the mirror says {mirror.get(key)}, the chain {chain.get(key)}"
        for key in sorted(mirror.keys() | chain.keys(), key=repr)
        if mirror.get(key) != chain.get(key)
    ]


def hexed(key: bytes) -> str:
    """A hash or an address as people read it."""
    return "0x" + key.hex()


def finding(number: int, what: str, checked: int, drifts: Iterable[str]) -> Finding:
    """A finding from whatever yields its drifts."""
    return Finding(number, what, checked, tuple(drifts))
