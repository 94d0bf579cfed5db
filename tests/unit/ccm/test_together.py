import asyncio

import pytest

from ccm.together import run_together
from ledger.kernel.errors import Conflict


async def test_a_role_that_fails_ends_the_others_in_order_and_its_error_is_told() -> None:
    stop, tidied = asyncio.Event(), asyncio.Event()

    async def failing() -> None:
        raise Conflict("It cannot go on.")

    async def tidy() -> None:
        await stop.wait()
        await asyncio.sleep(0)
        tidied.set()

    with pytest.raises(Conflict, match="cannot go on"):
        await asyncio.wait_for(run_together(stop, tidy(), failing()), 1)
    assert tidied.is_set()
