"""Finds the event that the mirrors refuse, so that whoever has to decide knows which it is. Nothing is ever skipped."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from indexer.errors import PoisonousEvent
from ledger.chain.chunk import Chunk
from ledger.db.session import Sessions
from ledger.kernel import faults
from ledger.kernel.faults import FaultPoint

Write = Callable[[AsyncSession, Chunk], Awaitable[None]]

_OF_THE_DATA = (IntegrityError, DataError, ProgrammingError)
_OF_PYTHON = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


def is_refusal(error: Exception) -> bool:
    """Whether trying again would end the same: the data is at fault, and not a connection, a lock or a race."""
    if isinstance(error, DBAPIError):
        return isinstance(error, _OF_THE_DATA)
    return isinstance(error, (StatementError, *_OF_PYTHON))


async def take_in(sessions: Sessions, write: Write, chunk: Chunk, point: FaultPoint) -> None:
    """Takes a chunk in, in one transaction, at whose end the fault point stands.

    Raises:
        PoisonousEvent: an event of the chunk is refused; nothing of the chunk was taken in.
    """
    try:
        async with sessions.begin() as session:
            await write(session, chunk)
            faults.reach(point)
    except Exception as error:
        if not is_refusal(error):
            raise
        poison = await poison_in(sessions, write, chunk, error)
        if poison is None:
            raise
        raise poison from error


async def poison_in(sessions: Sessions, write: Write, chunk: Chunk, cause: Exception) -> PoisonousEvent | None:
    """The first event of the chunk that can't be taken in after all before it; None where none is to blame.

    `write` takes a chunk in. It is given ever smaller parts of this one, in transactions that are rolled back.
    """

    async def failure(count: int) -> Exception | None:
        try:
            async with sessions() as session:
                await write(session, replace(chunk, events=chunk.events[:count]))
        except Exception as error:
            if not is_refusal(error):
                raise
            return error
        return None

    good, bad = 0, len(chunk.events)
    if bad == 0 or await failure(0) is not None:
        return None
    while bad - good > 1:
        middle = (good + bad) // 2
        failed = await failure(middle)
        if failed is None:
            good = middle
        else:
            bad, cause = middle, failed
    event = chunk.events[bad - 1]
    return PoisonousEvent.of(
        chunk.chain_id,
        block_number=event.block_number,
        log_index=event.log_index,
        contract=event.contract,
        name=event.name,
        transaction_hash=event.transaction_hash,
        cause=cause,
    )
