"""How fast the chain becomes rows: cold, after a restart and at the head, beside the limits of the machine.

    python -m benchmarks.indexer [--json] [--quick]

Makes a chain of its own (5,000 holders, 1,000 blocks of 200 transfers, and credits issued and retired, orders placed
and filled between them) and indexes it cold, in turns with the two limits: eth_getLogs alone, and a bare script that
copies events and balances without any safety. Every run has a process and a fresh, durable database of its own; the
rows of each are checked afterwards. With --quick, the chain is small and nothing is compared with a longer one.
Exits 1 when a target is missed.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

from benchmarks.evm.chain import running_chain
from benchmarks.evm.world import deploy_world
from benchmarks.indexing.check import check_copy, check_index, check_replay, count_logs
from benchmarks.indexing.head import waits_at_head
from benchmarks.indexing.replay import Replay, record, serving
from benchmarks.indexing.rig import Rig, Run, running_rig
from benchmarks.indexing.trading import Size, Trading
from benchmarks.report import Target, machine, number, report_json, table, targets_table

FULL = Size(holders=5000, blocks=1000, transfers=200)
QUICK = Size(holders=500, blocks=30, transfers=200)
SHORT, LONG = 100_000, 1_000_000
REPEATED_PAUSES = 20
"""The long chain repeats the transfers of so many stretches of the real one."""
FLATNESS = "% of the short chain's speed on the long one"


@dataclass(slots=True)
class Found:
    """Everything that was measured."""

    events: int = 0
    ours: list[Run] = field(default_factory=list)
    bare: list[Run] = field(default_factory=list)
    fetching: list[Run] = field(default_factory=list)
    restart_seconds: list[float] = field(default_factory=list)
    head_ms: list[float] = field(default_factory=list)
    short_rates: list[float] = field(default_factory=list)
    """Events a second of a chain of 100,000 events that a double replays."""
    long_rates: list[float] = field(default_factory=list)
    """The same of a million."""

    def rate(self, runs: Sequence[Run]) -> float:
        """Events a second, of the run in the middle."""
        return self.events / median(run.used.seconds for run in runs)

    @property
    def share_of_bare(self) -> float:
        """Our speed in hundredths of the bare script's: of runs that followed each other, the pair in the middle."""
        pairs = zip(self.bare, self.ours, strict=True)
        return median(100 * bare.used.seconds / ours.used.seconds for bare, ours in pairs)


async def measure(*, quick: bool) -> Found:
    """Every figure, on a chain and a database of this run."""
    found = Found()
    async with AsyncExitStack() as stack:
        chain = await stack.enter_async_context(running_chain())
        world = await deploy_world(chain)
        trading = Trading(world, QUICK if quick else FULL)
        told = await trading.everything()
        rig = await stack.enter_async_context(running_rig(world))
        found.events = await count_logs(rig)
        for _ in range(1 if quick else 5):
            found.fetching.append(await rig.fetch())
            indexed, copied = await rig.fresh_database(), await rig.fresh_database()
            found.ours.append(await rig.index(indexed))
            found.bare.append(await rig.copy_bare(copied))
            await check_index(rig, indexed, told, found.events)
            await check_copy(rig, copied, indexed, found.events)
            found.restart_seconds.append(await rig.restart(indexed))
        if not quick:
            await _measure_flatness(rig, told.first_busy_block, found)
        found.head_ms = await waits_at_head(rig, trading, indexed, blocks=10 if quick else 150)
        await check_index(rig, indexed, told, await count_logs(rig))
    return found


async def _measure_flatness(rig: Rig, first_busy_block: int, found: Found) -> None:
    """A short chain before and after a long one that is made of the same blocks."""
    last = first_busy_block + FULL.pause * REPEATED_PAUSES
    before = await record(rig.world, rig.addresses, 0, first_busy_block - 1)
    busy = await record(rig.world, rig.addresses, first_busy_block, last)
    replay = Replay(before, [block for block in busy if block.events == FULL.transfers])
    async with serving(replay) as url:
        for events, rates in (
            (SHORT, found.short_rates),
            (LONG, found.long_rates),
            (SHORT, found.short_rates),
            (LONG, found.long_rates),
            (SHORT, found.short_rates),
        ):
            replay.grow_to(events)
            database_url = await rig.fresh_database()
            run = await rig.index(database_url, url)
            await check_replay(database_url, replay.events())
            rates.append(replay.events() / run.used.seconds)


def figures_of(found: Found) -> dict[str, float]:
    """What was found, by names that say the unit."""
    percentiles = quantiles(found.head_ms, n=100)
    ours = [run.used for run in found.ours]
    return {
        "events": found.events,
        "events/s": found.rate(found.ours),
        "bare script, events/s": found.rate(found.bare),
        "eth_getLogs alone, events/s": found.rate(found.fetching),
        "% of the bare script's speed": found.share_of_bare,
        "% of eth_getLogs alone": 100 * found.rate(found.ours) / found.rate(found.fetching),
        "peak memory, MiB": max(used.peak_mib for used in ours),
        "CPU seconds": median(used.cpu_seconds for used in ours),
        "CPU seconds of PostgreSQL": median(run.postgres_cpu_seconds for run in found.ours),
        "CPU seconds of the bare script": median(run.used.cpu_seconds for run in found.bare),
        "CPU seconds of PostgreSQL under the bare script": median(run.postgres_cpu_seconds for run in found.bare),
        "restart to head, s": median(found.restart_seconds),
        "receipt to row, median ms": percentiles[49],
        "receipt to row, p99 ms": percentiles[98],
        **_flatness(found),
    }


def _flatness(found: Found) -> dict[str, float]:
    if not found.long_rates:
        return {}
    short, long = median(found.short_rates), median(found.long_rates)
    return {
        f"{SHORT:,} events replayed, events/s": short,
        f"{LONG:,} events replayed, events/s": long,
        FLATNESS: 100 * long / short,
    }


def targets_of(figures: dict[str, float]) -> list[Target]:
    """What is aimed at."""
    return [
        Target("events/s", figures["events/s"], 25_000, at_least=True),
        Target("% of the bare script's speed", figures["% of the bare script's speed"], 70, at_least=True),
        Target("peak memory, MiB", figures["peak memory, MiB"], 150),
        Target("restart to head, s", figures["restart to head, s"], 2),
        Target("receipt to row, median ms", figures["receipt to row, median ms"], 100),
        Target("receipt to row, p99 ms", figures["receipt to row, p99 ms"], 250),
        *([Target(FLATNESS, figures[FLATNESS], 90, at_least=True)] if FLATNESS in figures else ()),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.indexer", description="How fast the chain is mirrored.")
    parser.add_argument("--json", action="store_true", help="one object for a program")
    parser.add_argument("--quick", action="store_true", help="a small chain, each thing once")
    options = parser.parse_args(arguments)
    figures = figures_of(asyncio.run(measure(quick=options.quick)))
    targets = targets_of(figures)
    if options.json:
        print(report_json("indexer", machine(), figures, targets))
    else:
        rows = [(name, number(figure)) for name, figure in figures.items()]
        print("\n\n".join((table(("what", "figure"), rows), targets_table(targets))))
    return 0 if all(each.holds for each in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
