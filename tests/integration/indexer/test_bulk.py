"""Rows that go in by COPY are refused as rows of any other statement are."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ledger.db.bulk import add_rows
from ledger.db.session import Sessions
from ledger.market.mirror_models import CoinHolding

ADA = {"chain_id": 1, "holder": b"\xaa" * 20, "balance_micros": 5}


async def test_rows_are_added_with_the_session_or_not_at_all(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await add_rows(session, CoinHolding, [ADA])
        await session.rollback()
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(CoinHolding)) == 0


async def test_a_row_that_is_there_already_and_one_below_zero_are_integrity_errors(sessions: Sessions) -> None:
    for rows in ([ADA, ADA], [ADA | {"balance_micros": -1}]):
        with pytest.raises(IntegrityError):
            async with sessions.begin() as session:
                await add_rows(session, CoinHolding, rows)
