"""Public ids, drawn from database sequences: a number is never handed out twice, not even after a rollback."""

from datetime import datetime

from sqlalchemy import Sequence, select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.db.base import Base
from ledger.kernel.ids import VERIFIER_SEQUENCE, IdKind, verifier_id

SEQUENCES = {
    name: Sequence(name, metadata=Base.metadata) for name in (*(kind.sequence for kind in IdKind), VERIFIER_SEQUENCE)
}


async def _next(session: AsyncSession, name: str) -> int:
    return (await session.execute(select(SEQUENCES[name].next_value()))).scalar_one()


async def next_id(session: AsyncSession, kind: IdKind, moment: datetime) -> str:
    """The next public id of this kind, in the year of `moment`."""
    return kind.text(moment.year, await _next(session, kind.sequence))


async def next_verifier_id(session: AsyncSession) -> str:
    """The next verifier's public id."""
    return verifier_id(await _next(session, VERIFIER_SEQUENCE))
