"""Waiting for the mirror to show what the chain did, so that a write can answer with its outcome."""

import asyncio
from types import TracebackType
from typing import Self

from ledger.chain.intents import MIRRORED_CHANNEL, IntentState, state
from ledger.chain.listening import Listener, within
from ledger.db.session import Sessions

POLL_SECONDS = 0.2


class IntentWatch:
    """One connection that hears of every mirrored chunk, shared by all who wait."""

    def __init__(self, database_url: str) -> None:
        self._listener = Listener(database_url, MIRRORED_CHANNEL)

    async def __aenter__(self) -> Self:
        await self._listener.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.__aexit__(kind, error, trace)

    async def wait(self, sessions: Sessions, intent_id: int, seconds: float) -> IntentState:
        """The intent's state once it is confirmed or failed, or when the time is over."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while True:
            mirrored = self._listener.upcoming()
            async with sessions() as session:
                current = await state(session, intent_id)
            left = ends - loop.time()
            if current.is_final or left <= 0:
                return current
            await within(mirrored, min(left, POLL_SECONDS))
