import asyncio

from ccm.verifying import verify_regularly
from indexer.metrics import IndexerMetrics
from ledger.kernel.settings import Settings


async def test_where_no_verification_is_wanted_the_other_roles_run_on() -> None:
    stop = asyncio.Event()
    verifying = asyncio.create_task(verify_regularly(Settings(verify_seconds=0), IndexerMetrics(), stop))
    await asyncio.sleep(0)
    assert not verifying.done()
    stop.set()
    await asyncio.wait_for(verifying, 1)
