"""Fetches the chunk that comes next while the present one is written: one at a time, so that memory stays bounded."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from indexer.fetch import Source
from ledger.chain.chunk import Chunk


@dataclass(frozen=True, slots=True)
class _Coming:
    first: int
    window_from: int
    chunk: asyncio.Task[Chunk]


class Ahead:
    """Chunks of one source. What was fetched ahead must still fit onto what is mirrored by then, as any other."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._coming: _Coming | None = None

    async def chunk(self, first: int, at_most: int, *, window_from: int) -> Chunk:
        """As `Source.chunk`, from what is on its way where that answers the question."""
        coming, self._coming = self._coming, None
        if coming is not None and coming.first == first and coming.window_from <= window_from:
            return await coming.chunk
        await _drop(coming)
        return await self._source.chunk(first, at_most, window_from=window_from)

    def start(self, first: int, at_most: int, *, window_from: int) -> None:
        """Begins to fetch what will be asked for next."""
        if self._coming is None and first <= at_most:
            fetching = self._source.chunk(first, at_most, window_from=window_from)
            self._coming = _Coming(first, window_from, asyncio.create_task(fetching, name="fetch ahead"))

    async def drop(self) -> None:
        """Forgets what is on its way."""
        coming, self._coming = self._coming, None
        await _drop(coming)


async def _drop(coming: _Coming | None) -> None:
    if coming is not None:
        coming.chunk.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await coming.chunk
