"""What every transaction of ours costs in gas, beside OpenZeppelin, solady, Seaport and 0x, measured in one run.

    python -m benchmarks.gas [--json] [--quick]

Each figure is the whole gas of a real transaction on a node of the benchmark's own: the fixed 21,000, calldata and
execution, less the refund. With --quick, 0x stays out, whose package `make setup` doesn't install, and nothing is
traced. Exits 1 when a target is missed, 2 when a peer can't be had.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.evm import credits as of_credits
from benchmarks.evm import market, peers, zeroex
from benchmarks.evm.chain import GAS_LIMIT, Chain, running_chain
from benchmarks.evm.exchanges import measure_seaport, measure_zeroex
from benchmarks.evm.figures import Figure, figures_table, parts_table
from benchmarks.evm.world import deploy_world
from benchmarks.report import Target, machine, report_json, targets_table

ROOT = Path(__file__).resolve().parents[1]
TRANSFER_RATIO = 1.03


async def measure(chain: Chain, *, quick: bool) -> list[Figure]:
    """Every figure, each on contracts that were deployed for this run."""
    parts = not quick
    world = await deploy_world(chain)
    found = await of_credits.issue_figures(world, parts=parts)
    found += await of_credits.transfer_figures(world)
    found += await of_credits.retire_figures(world)
    found += await of_credits.relay_figures(world)
    found += await of_credits.anchor_figures(world, parts=parts)

    buyer, sellers = await market.prepare_traders(world)
    beside = await measure_seaport(world, buyer, sellers[0])
    if not quick:
        beside = beside.with_more(await measure_zeroex(world, buyer, sellers))
    found += await market.place_figures(world, sellers[0], beside)
    found += await market.fill_figures(world, buyer, sellers, beside, parts=parts)
    found += await market.fee_figures(chain)
    found += await market.settle_figures(world, buyer, sellers, parts=parts)
    return found


def targets_of(figures: Sequence[Figure]) -> list[Target]:
    """What the figures must not exceed."""
    named = {each.name: each for each in figures}
    transfer, fill = named["transfer"], named["fillMany 1, placed"]
    basic = min(each.gas for each in named["fillMany 1, signed"].peers if "basic order" in each.name)
    anchors = [each.gas for each in figures if each.name.startswith("anchor")]
    return [
        Target("transfer, 3 % above OpenZeppelin's", transfer.gas, transfer.peers[0].gas * TRANSFER_RATIO),
        Target("issue 100, a credit to known holders", named["issue 100 to known holders"].gas_per_unit, 16_000),
        Target("issue 100, a credit to new holders", named["issue 100 to new holders"].gas_per_unit, 33_000),
        Target("fill a placed order, Seaport's basic order", fill.gas, basic),
        Target("settle 20, a signed maker", named["settle 20, makers signed"].gas_per_unit, 90_000),
        Target("anchor, whatever the count", max(anchors), 60_000),
        Target("the dearest transaction", max(each.gas for each in figures), GAS_LIMIT),
    ]


async def run(*, quick: bool) -> tuple[list[Figure], str]:
    """All figures, and the rules that their gas was charged by."""
    async with running_chain() as chain:
        return await measure(chain, quick=quick), chain.hardfork


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gas", description="The gas of every transaction.")
    parser.add_argument("--json", action="store_true", help="one object for a program")
    parser.add_argument("--quick", action="store_true", help="without 0x and without traces")
    options = parser.parse_args(arguments)
    try:
        if not options.quick:
            zeroex.fetch()
        figures, hardfork = asyncio.run(run(quick=options.quick))
    except zeroex.Unobtainable as error:
        print(f"{error}\nWithout it: python -m benchmarks.gas --quick", file=sys.stderr)
        return 2
    targets = targets_of(figures)
    if options.json:
        print(report_json("gas", machine(**_rules(hardfork)), {each.name: each.as_json() for each in figures}, targets))
    else:
        print(_text(figures, targets, hardfork))
    return 0 if all(each.holds for each in targets) else 1


def _rules(hardfork: str) -> dict[str, object]:
    """What decides about gas beside our code."""
    anvil = json.loads((ROOT / "node_modules/@foundry-rs/anvil/package.json").read_text())["version"]
    return {
        "node": f"anvil {anvil}",
        "hardfork": hardfork,
        "packages": {**peers.versions(), "@0x/contracts-zero-ex": zeroex.VERSION},
    }


def _text(figures: Sequence[Figure], targets: Sequence[Target], hardfork: str) -> str:
    traced = [each for each in figures if each.parts]
    tables = [figures_table(figures), *([parts_table(traced)] if traced else []), targets_table(targets)]
    return "\n\n".join((f"Gas by the rules of {hardfork}", *tables))


if __name__ == "__main__":
    sys.exit(main())
