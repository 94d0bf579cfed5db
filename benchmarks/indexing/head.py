"""How long it takes at the head until a transfer that was mined is a row that readers see."""

import asyncio

import asyncpg

from benchmarks.indexing.rig import Rig, WorkSkipped
from benchmarks.indexing.trading import Trading

BLOCK_SECONDS = 0.2
"""As often as `ccm up` mines."""
TRANSFERS_A_BLOCK = 2
LOOK_EVERY_SECONDS = 0.002
PATIENCE_SECONDS = 30
WARM_UP_BLOCKS = 5


async def waits_at_head(rig: Rig, trading: Trading, database_url: str, blocks: int) -> list[float]:
    """For each transfer the milliseconds from its receipt to its row, with the indexer following."""
    loop = asyncio.get_running_loop()
    waits = []
    connection = await asyncpg.connect(database_url)
    async with rig.following(database_url):
        beat = loop.time()
        for block in range(WARM_UP_BLOCKS + blocks):
            beat = max(beat + BLOCK_SECONDS, loop.time())
            await asyncio.sleep(beat - loop.time())
            await trading.transfers(TRANSFERS_A_BLOCK)
            mined = loop.time()
            number = int(await rig.world.chain.rpc.call("eth_blockNumber"), 16)
            await _until_shown(connection, number)
            if block >= WARM_UP_BLOCKS:
                waits += [1000 * (loop.time() - mined)] * TRANSFERS_A_BLOCK
    await connection.close()
    return waits


async def _until_shown(connection: asyncpg.Connection, number: int) -> None:
    """Waits until the block's transfers are rows."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            shown = await connection.fetchval("SELECT count(*) FROM chain_events WHERE block_number = $1", number)
            if shown == TRANSFERS_A_BLOCK:
                return
            if shown:
                raise WorkSkipped(f"block {number} shows {shown} of {TRANSFERS_A_BLOCK} transfers")
            await asyncio.sleep(LOOK_EVERY_SECONDS)
