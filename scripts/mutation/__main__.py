"""Tells whether the Foundry tests notice faults: tries them on copies of the contracts with one small fault each.

Examples:
  python -m scripts.mutation                      every mutant; about three seconds each
  python -m scripts.mutation --sample 200         200 of them, always the same
  python -m scripts.mutation --only CarbonMarket  those whose name matches
  python -m scripts.mutation --again              those of them that survived last time, or were not in it
  python -m scripts.mutation --list               what there is to try

Exits 1 where a survivor is not explained on the page, an explanation is out of date, or too few were killed.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from scripts.explanations import explained
from scripts.mutation.mutants import Mutant, mutants_of, sample
from scripts.mutation.project import Compiler, Project, compiler, deployable
from scripts.mutation.report import Finding, Findings, complaints, killed_percent, table
from scripts.mutation.trial import THOROUGH, Bench, Laboratory, Outcome, TestsFailed

ROOT = Path(__file__).resolve().parents[2]


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    summary, _, examples = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m scripts.mutation",
        description=summary,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants instead of all")
    parser.add_argument("--only", default="", metavar="REGEX", help="try the mutants whose name matches")
    parser.add_argument("--again", action="store_true", help="leave out those that the last run settled")
    parser.add_argument("--list", action="store_true", help="list the mutants, try none")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="how many at a time")
    parser.add_argument("--root", type=Path, default=ROOT, help="the Foundry project (default: this one)")
    parser.add_argument("--page", default="docs/mutation.md", help="the page that explains the survivors")
    return parser.parse_args()


def choose(mutants: list[Mutant], arguments: argparse.Namespace) -> list[Mutant]:
    """The mutants that the run is about."""
    chosen = [mutant for mutant in mutants if re.search(arguments.only, mutant.name)]
    return chosen if arguments.sample is None else sample(chosen, arguments.sample)


def still_open(mutants: list[Mutant], findings: Findings) -> list[Mutant]:
    """Those that survived the last run, or were not in it."""
    settled = {finding.name for finding in findings.by_name.values() if finding.outcome != Outcome.SURVIVED}
    return [mutant for mutant in mutants if mutant.name not in settled]


def try_all(laboratory: Laboratory, mutants: list[Mutant], benches: list[Bench]) -> Iterator[Finding]:
    """Try mutants, as many at a time as there are benches."""
    root = laboratory.project.root
    with ExitStack() as stack:
        idle: SimpleQueue[tuple[Compiler, Bench]] = SimpleQueue()
        for bench in benches:
            idle.put((stack.enter_context(compiler(root)), bench))

        def try_one(mutant: Mutant) -> Finding:
            solc, bench = idle.get()
            try:
                return Finding.of(mutant, laboratory.try_out(mutant, solc, bench))
            finally:
                idle.put((solc, bench))

        yield from stack.enter_context(ThreadPoolExecutor(len(benches))).map(try_one, mutants)


def prepare(project: Project, laboratory: Laboratory, folder: Path, jobs: int) -> list[Bench]:
    """Build the tests, see them pass over healthy contracts, and copy them once for each job."""
    bench = Bench(project, folder / "bench")
    bench.build()
    bench.exchange(laboratory.healthy)
    if failed := bench.first_failure(THOROUGH):
        raise TestsFailed(f"{failed} fails without any mutant")
    return [bench.copy_to(folder / f"bench-{number}") for number in range(jobs)]


def main() -> int:
    """Try the mutants that the command line asks for; returns the exit code."""
    arguments = parse_arguments()
    project = Project(arguments.root.resolve())
    folder = project.root / ".build" / "mutation"
    with compiler(project.root) as solc:
        trees = project.trees(solc)
        contracts = deployable(trees)
        mutants = [mutant for path, tree in trees.items() for mutant in mutants_of(path, project.sources[path], tree)]
        findings = Findings(
            folder / "findings.json", is_fresh=not (arguments.only or arguments.again or arguments.list)
        )
        chosen = choose(mutants, arguments)
        tried = still_open(chosen, findings) if arguments.again else chosen
        if arguments.list:
            for mutant in tried:
                print(f"{mutant.name} ({mutant.path}:{mutant.line}: {mutant.difference})")
            print(f"{len(tried)} of {len(mutants)} mutants")
            return 0
        laboratory = Laboratory(project, trees, contracts, project.bytecode(solc, contracts))
    try:
        for finding in try_all(laboratory, tried, prepare(project, laboratory, folder, arguments.jobs)):
            findings.add(finding)
            print(finding, flush=True)
    except TestsFailed as error:
        print(error, file=sys.stderr)
        return 1
    return report(findings.of(chosen), {mutant.name for mutant in mutants}, project.root / arguments.page)


def report(findings: list[Finding], names: set[str], page: Path) -> int:
    """Print the tables and what is wrong; returns the exit code."""
    print(f"\n{table(findings, 'file')}\n\n{table(findings, 'fault')}\n\nkilled: {killed_percent(findings):.1f} %")
    wrong = complaints(findings, names, set(explained(page)))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
