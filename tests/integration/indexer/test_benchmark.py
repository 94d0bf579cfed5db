"""The benchmark of the indexer, on a chain so small that it measures nothing: all its work is done, or it says so."""

import asyncpg
import pytest

from benchmarks.evm.chain import running_chain
from benchmarks.evm.world import deploy_world
from benchmarks.indexer import Found, figures_of, targets_of
from benchmarks.indexing.check import check_copy, check_index, check_replay, count_logs
from benchmarks.indexing.head import waits_at_head
from benchmarks.indexing.replay import Replay, record, serving
from benchmarks.indexing.rig import WorkSkipped, running_rig
from benchmarks.indexing.trading import Size, Trading

TINY = Size(holders=20, blocks=2, transfers=10, each=2)


async def run(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(statement)
    await connection.close()


async def test_every_figure_is_of_work_that_was_done() -> None:
    async with running_chain() as chain:
        trading = Trading(await deploy_world(chain), TINY)
        told = await trading.everything()
        async with running_rig(trading.world) as rig:
            found = Found(events=await count_logs(rig))
            indexed, copied = await rig.fresh_database(), await rig.fresh_database()
            found.fetching.append(await rig.fetch())
            found.ours.append(await rig.index(indexed))
            found.bare.append(await rig.copy_bare(copied))
            await check_index(rig, indexed, told, found.events)
            await check_copy(rig, copied, indexed, found.events)

            replay = Replay(
                await record(rig.world, rig.addresses, 0, told.first_busy_block - 1),
                await record(rig.world, rig.addresses, told.first_busy_block, told.first_busy_block),
            )
            replay.grow_to(500)
            replayed = await rig.fresh_database()
            async with serving(replay) as url:
                await rig.index(replayed, url)
            await check_replay(replayed, replay.events())

            found.head_ms = await waits_at_head(rig, trading, indexed, blocks=2)
            found.restart_seconds.append(0.0)
            assert len(targets_of(figures_of(found))) == 6

            await run(indexed, "DELETE FROM outbox WHERE name = 'trade.executed'")
            await run(copied, "DELETE FROM events WHERE log_index = 0")
            with pytest.raises(WorkSkipped, match="'facts'"):
                await check_index(rig, indexed, told, await count_logs(rig))
            with pytest.raises(WorkSkipped, match="bare script copied"):
                await check_copy(rig, copied, indexed, found.events)
