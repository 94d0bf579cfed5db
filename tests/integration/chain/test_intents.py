import asyncio

import pytest
from sqlalchemy import func, select, update

from ledger.chain import (
    Intent,
    IntentWatch,
    Network,
    OpenDebits,
    answer_status,
    lock_position,
    open_debits,
    open_fills,
    queue,
)
from ledger.chain.intents import MIRRORED_CHANNEL
from ledger.db.session import Sessions
from ledger.kernel.money import Micros
from ledger.kernel.units import Kg

HOLDER, ORDER = b"\x01" * 20, b"\x02" * 32


def promise(network: Network, number: int, status: str = "queued") -> Intent:
    return Intent(
        chain_id=network.chain_id,
        kind="settle",
        ref=number.to_bytes(32),
        holder=HOLDER,
        debit_kg=Kg(10),
        debit_micros=Micros(2_000_000),
        order_ref=ORDER,
        order_kg=Kg(7),
        lane="relay",
        payload={},
        status=status,
    )


async def test_what_is_queued_or_submitted_is_promised_and_what_is_done_is_not(
    sessions: Sessions, network: Network
) -> None:
    async with sessions.begin() as session:
        for number, status in enumerate(["queued", "submitted", "mined", "confirmed", "failed", "withdrawn"]):
            await queue(session, promise(network, number, status))
    async with sessions() as session:
        assert await open_debits(session, network.chain_id, HOLDER) == OpenDebits(Kg(20), Micros(4_000_000))
        assert await open_fills(session, network.chain_id, ORDER) == Kg(14)
        assert await open_debits(session, network.chain_id, b"\x09" * 20) == OpenDebits(Kg(0), Micros(0))


async def test_two_decisions_about_one_holder_are_taken_one_after_the_other(
    sessions: Sessions, network: Network
) -> None:
    async def promise_if_little_is_promised(number: int) -> bool:
        async with sessions.begin() as session:
            await lock_position(session, network.chain_id, HOLDER)
            if (await open_debits(session, network.chain_id, HOLDER)).kg >= Kg(10):
                return False
            await queue(session, promise(network, number))
            return True

    decided = await asyncio.gather(*(promise_if_little_is_promised(number) for number in range(8)))
    assert sorted(decided) == [False] * 7 + [True]


async def test_who_waits_for_an_intent_hears_of_it_once_the_mirror_tells(
    sessions: Sessions, network: Network, database_url: str
) -> None:
    async with sessions.begin() as session:
        intent = await queue(session, promise(network, 1))

    async def confirm() -> None:
        async with sessions.begin() as session:
            await session.execute(update(Intent).values(status="confirmed", transaction_hash=ORDER, block_number=5))
            await session.execute(select(func.pg_notify(MIRRORED_CHANNEL, "")))

    async with IntentWatch(database_url) as watch:
        unseen = await watch.wait(sessions, intent.intent_id, 0)
        assert (unseen.status, unseen.is_final) == ("queued", False)
        seen, _ = await asyncio.gather(watch.wait(sessions, intent.intent_id, 20), confirm())
    assert (seen.status, seen.transaction_hash, seen.block_number) == ("confirmed", ORDER, 5)


@pytest.mark.parametrize(
    ("status", "answered"),
    [
        ("queued", "pending"),
        ("submitted", "pending"),
        ("mined", "pending"),
        ("confirmed", "confirmed"),
        ("failed", "failed"),
        ("withdrawn", "failed"),
    ],
)
def test_only_what_lies_deep_enough_is_called_confirmed(status: str, answered: str) -> None:
    assert answer_status(status) == answered
