"""Sockets that tell of new blocks: they make the indexer quicker, and can neither stop nor mislead it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from indexer import Endpoints, Indexer
from tests.support.chain import eventually
from tests.support.faulty import Faulty
from tests.support.indexing import CHAIN_ID, MIRRORS, WINDOW

NEVER_SECONDS = 60


@asynccontextmanager
async def following(faulty: Faulty, poll_seconds: float) -> AsyncIterator[Indexer]:
    """An indexer at the head, which is told of new blocks by a socket."""
    endpoints = Endpoints([faulty.through], [faulty.node.ws_url])
    indexer = Indexer(faulty.sessions, endpoints, CHAIN_ID, mirrors=MIRRORS, window=WINDOW, poll_seconds=poll_seconds)
    stop = asyncio.Event()
    running = asyncio.create_task(indexer.run(stop))
    await eventually(lambda: at_head(indexer))
    await eventually(lambda: is_told(faulty))
    yield indexer
    stop.set()
    await asyncio.wait_for(running, 10)


async def at_head(indexer: Indexer) -> bool:
    return indexer.at_head


async def is_told(faulty: Faulty) -> bool:
    return faulty.node.subscriptions > 0


async def test_a_socket_wakes_an_indexer_that_would_sleep_on(faulty: Faulty) -> None:
    async with following(faulty, NEVER_SECONDS):
        await faulty.give(5)

        async def is_mirrored() -> bool:
            return await faulty.dollars() == 5

        await eventually(is_mirrored)


async def test_a_socket_that_is_open_and_silent_costs_nothing(faulty: Faulty) -> None:
    async with following(faulty, 0.02):
        faulty.node.silence_sockets()
        await faulty.give(5)

        async def is_mirrored() -> bool:
            return await faulty.dollars() == 5

        await eventually(is_mirrored)


async def test_a_socket_that_closes_is_opened_again(faulty: Faulty) -> None:
    async with following(faulty, NEVER_SECONDS):
        before = faulty.node.subscriptions
        await faulty.node.close_sockets()

        async def is_told_again() -> bool:
            return faulty.node.subscriptions > before

        await eventually(is_told_again)
        await faulty.give(5)

        async def is_mirrored() -> bool:
            return await faulty.dollars() == 5

        await eventually(is_mirrored)
