"""Idempotency keys: the answer to a write, kept with its effect in one transaction."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db.base import Base
from ledger.db.types import Hash32
from ledger.kernel.errors import IdempotencyConflict


class IdempotencyKey(Base):
    """One key of one account, with what was asked and what was answered."""

    __tablename__ = "idempotency_keys"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[Hash32]
    """SHA-256 of method, path and body."""
    answer_status: Mapped[int | None]
    answer_body: Mapped[bytes | None]
    """JSON, byte for byte as it was sent: a replay has the same digits in the same order."""
    intent_id: Mapped[int | None] = mapped_column(ForeignKey("intents.intent_id"))
    """What the answer still waits for; null once it is final."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request with the same key was answered, and the intent that would make this answer final."""

    status: int
    body: bytes
    intent_id: int | None = None


def request_hash(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


async def claim(session: AsyncSession, account_id: int, key: str, digest: bytes) -> KeptAnswer | None:
    """Takes the key for this transaction, or gives the answer that it stands for already.

    A concurrent request with the same key waits here until the first one commits (then it gets that answer) or rolls
    back (then it takes the key itself).

    Raises:
        IdempotencyConflict: the key was used for another request.
    """
    taken = await session.execute(
        insert(IdempotencyKey)
        .values(account_id=account_id, key=key, request_hash=digest)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if taken.scalar_one_or_none() is not None:
        return None
    row = (
        await session.execute(
            select(IdempotencyKey).where(IdempotencyKey.account_id == account_id, IdempotencyKey.key == key)
        )
    ).scalar_one()
    if row.request_hash != digest:
        raise IdempotencyConflict("This Idempotency-Key was used for another request; send a new key.", key=key)
    if row.answer_status is None or row.answer_body is None:
        raise RuntimeError("an idempotency key was committed without its answer")
    return KeptAnswer(row.answer_status, row.answer_body, row.intent_id)


async def keep(session: AsyncSession, account_id: int, key: str, answer: KeptAnswer) -> None:
    """Keeps the answer under a claimed key; a later, more final answer replaces an earlier one."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.account_id == account_id, IdempotencyKey.key == key)
        .values(answer_status=answer.status, answer_body=answer.body, intent_id=answer.intent_id)
    )
