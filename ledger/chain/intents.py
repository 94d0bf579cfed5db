"""Intents: what the chain shall do once. Commands queue them, the relayer submits them, the mirror closes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.models import OPEN_STATUSES, Intent, Position
from ledger.chain.rpc import to_hex
from ledger.chain.typed_data import BatchTerms
from ledger.kernel.ids import credit_number
from ledger.kernel.money import Micros
from ledger.kernel.units import Kg

QUEUED_CHANNEL = "ccm_intents"
MIRRORED_CHANNEL = "ccm_mirrored"

AnswerStatus = Literal["pending", "confirmed", "failed"]


@dataclass(frozen=True, slots=True)
class OpenDebits:
    """What a holder's open intents will take."""

    kg: Kg
    micros: Micros


@dataclass(frozen=True, slots=True)
class IntentState:
    """How far an intent has come."""

    status: str
    transaction_hash: bytes | None
    block_number: int | None
    failure: dict[str, Any] | None
    """Where it failed: code, message, facts."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it, short of a reorg."""
        return answer_status(self.status) != "pending"


async def queue(session: AsyncSession, intent: Intent) -> Intent:
    """Adds an intent and wakes the relayer once the caller's transaction is committed."""
    session.add(intent)
    await session.flush()
    await session.execute(select(func.pg_notify(QUEUED_CHANNEL, "")))
    return intent


async def queue_again(session: AsyncSession, intent: Intent) -> None:
    """Gives a failed intent of the lane `issuer` another try: its transaction is built anew, under the same ref."""
    if intent.status != "failed" or intent.lane != "issuer":
        raise AssertionError("only what failed, and does not rest on an old signature, is tried again")
    intent.status = "queued"
    intent.submission_id = intent.transaction_hash = intent.block_number = intent.log_index = intent.failure = None
    await queue(session, intent)


async def oldest_queued(
    session: AsyncSession, chain_id: int, lane: Literal["relay", "issuer"], most: int
) -> Sequence[Intent]:
    """What waits in a lane, in the order in which it was queued, locked until the caller's transaction ends."""
    oldest = (
        select(Intent)
        .where(Intent.chain_id == chain_id, Intent.lane == lane, Intent.status == "queued")
        .order_by(Intent.intent_id)
        .limit(most)
        .with_for_update()
    )
    return (await session.scalars(oldest)).all()


def relay_payload(target: bytes, data: bytes, gas_limit: int) -> dict[str, Any]:
    """The payload of an intent in the lane `relay`: a signed action that anyone may submit."""
    return {"target": to_hex(target), "data": to_hex(data), "gasLimit": gas_limit}


def issue_payload(
    terms: BatchTerms, *, recipient: bytes, kg: Kg, credit_id: str, record_hash: bytes, verifier_index: int
) -> dict[str, Any]:
    """The payload of an intent in the lane `issuer`.

    `kg` is the whole credit: the batch's buffer takes its share of it, the recipient gets the rest. `verifier_index`
    is the custody index of the verifier that `terms` name.
    """
    return {
        "terms": [to_hex(member) if isinstance(member, bytes) else member for member in terms],
        "recipient": to_hex(recipient),
        "kg": int(kg),
        "creditId": credit_id,
        "creditNumber": credit_number(credit_id),
        "recordHash": to_hex(record_hash),
        "verifierIndex": verifier_index,
    }


async def lock_position(session: AsyncSession, chain_id: int, holder: bytes) -> None:
    """Waits for every other decision about the holder's credits and coins, and keeps the next ones waiting.

    The lock lasts until the caller's transaction ends. Read what is available after it, never before.
    """
    await session.execute(insert(Position).values(chain_id=chain_id, holder=holder).on_conflict_do_nothing())
    await session.execute(
        select(Position.holder).where(Position.chain_id == chain_id, Position.holder == holder).with_for_update()
    )


def open_debit_kg(chain_id: int, holder: bytes) -> ColumnElement[int]:
    """Credits that the holder's open intents will take, as an expression to embed in one reading of the balance."""
    return _sum(Intent.debit_kg, Intent.chain_id == chain_id, Intent.holder == holder)


def open_debit_micros(chain_id: int, holder: bytes) -> ColumnElement[int]:
    """Coins that the holder's open intents will take, as an expression like `open_debit_kg`."""
    return _sum(Intent.debit_micros, Intent.chain_id == chain_id, Intent.holder == holder)


def open_fill_kg(chain_id: int, order_ref: ColumnElement[bytes] | bytes) -> ColumnElement[int]:
    """What open intents will take from an order, as an expression like `open_debit_kg`."""
    return _sum(Intent.order_kg, Intent.chain_id == chain_id, Intent.order_ref == order_ref)


async def open_debits(session: AsyncSession, chain_id: int, holder: bytes) -> OpenDebits:
    """What the holder's open intents will take."""
    row = await session.execute(select(open_debit_kg(chain_id, holder), open_debit_micros(chain_id, holder)))
    kg, micros = row.one()
    return OpenDebits(Kg(kg), Micros(micros))


async def open_fills(session: AsyncSession, chain_id: int, order_ref: bytes) -> Kg:
    """What open intents will take from the order."""
    return Kg((await session.execute(select(open_fill_kg(chain_id, order_ref)))).scalar_one())


async def state(session: AsyncSession, intent_id: int) -> IntentState:
    """How far the intent has come. It exists: whoever asks was given its id."""
    row = (
        await session.execute(
            select(Intent.status, Intent.transaction_hash, Intent.block_number, Intent.failure).where(
                Intent.intent_id == intent_id
            )
        )
    ).one()
    return IntentState(*row)


def answer_status(status: str) -> AnswerStatus:
    """An intent's status as answers call it: only what lies at the network's depth is confirmed."""
    if status == "confirmed":
        return "confirmed"
    return "failed" if status in {"failed", "withdrawn"} else "pending"


def _sum(column: Any, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    total = cast(func.coalesce(func.sum(column), 0), BigInteger)  # PostgreSQL sums bigints as numeric
    return select(total).where(*conditions, Intent.status.in_(OPEN_STATUSES)).scalar_subquery()
