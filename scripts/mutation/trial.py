"""A trial: whether the project's Foundry tests notice a mutant.

Compiling the tests anew for each mutant would take most of the time. So they are built once, with every
`new Contract(…)` in them turned by forge into a deployment of the contract's artifact (its dynamic test linking), and
for each mutant only the creation code in those artifacts is exchanged.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.operators import Node
from scripts.mutation.project import TOOLS, Bytecode, CompileError, Compiler, Project, readers

#: At first fewer fuzz runs, enough for most mutants; one that survives them meets the project's own number.
QUICK = {"FOUNDRY_FUZZ_RUNS": "32", "FOUNDRY_INVARIANT_RUNS": "1", "FOUNDRY_INVARIANT_DEPTH": "32"}
THOROUGH: dict[str, str] = {}
SAME_EACH_TIME = {"FOUNDRY_FUZZ_SEED": "0x1", "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0"}
TIMEOUT_SECONDS = 300

#: How forge names a test that failed; between the two it may tell a sequence of calls.
FAILURE = re.compile(r"^\[FAIL.*?\b(\w+)\([^()]*\) \((?:gas|runs):", re.MULTILINE | re.DOTALL)


class Outcome(StrEnum):
    """What became of a mutant. Only the killed and the survivors count."""

    KILLED = "killed"
    SURVIVED = "survived"
    STILLBORN = "stillborn"
    SAME_CODE = "same code"


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, and the first test that noticed it."""

    outcome: Outcome
    killer: str = ""


class TestsFailed(Exception):
    """The tests can't be built, or fail without any mutant."""


@dataclass(frozen=True)
class Bench:
    """The built tests in a folder of their own, over the artifacts that a trial exchanges."""

    project: Project
    folder: Path

    def build(self) -> None:
        """Build the tests, as far as something changed since."""
        self.folder.mkdir(parents=True, exist_ok=True)
        done = self._forge("build", {"FOUNDRY_LINT_LINT_ON_BUILD": "false"})
        if done.returncode != 0:
            raise TestsFailed(done.stdout + done.stderr)
        # From here on nothing may be compiled: an exchanged artifact would be written over.
        command = [str(TOOLS / "solc"), "--version"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own executable
        self._solc.write_text(f'#!/bin/sh\n[ "$1" = --version ] || exit 1\ncat <<"END"\n{version}END\n')
        self._solc.chmod(0o755)

    def copy_to(self, folder: Path) -> Bench:
        """Another bench with the same tests."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        # Forge's cache names the folder that it belongs to, and counts for nothing in another.
        cache = folder / "cache" / "solidity-files-cache.json"
        here, there = (str(path.relative_to(self.project.root)) for path in (self.folder, folder))
        cache.write_text(cache.read_text().replace(f'"{here}/', f'"{there}/'))
        return Bench(self.project, folder)

    def exchange(self, bytecode: Bytecode) -> None:
        """Put creation code into the artifacts of these contracts."""
        for name, code in bytecode.items():
            (path,) = (self.folder / "out").glob(f"**/{name}.json")
            artifact = json.loads(path.read_text())
            artifact["bytecode"]["object"] = code
            path.write_text(json.dumps(artifact))

    def first_failure(self, effort: dict[str, str]) -> str:
        """Run the tests until one fails; returns its name, or nothing."""
        shutil.rmtree(self.folder / "failures", ignore_errors=True)
        try:
            unchanged = {"FOUNDRY_SOLC": str(self._solc)}
            done = self._forge("test", {**effort, **unchanged}, "--fail-fast", "--threads", "1")
        except subprocess.TimeoutExpired:
            return f"no end in {TIMEOUT_SECONDS} s"
        if done.returncode == 0:
            return ""
        failure = FAILURE.search(done.stdout)
        if failure is None:
            raise TestsFailed(done.stdout + done.stderr)
        return failure[1]

    @property
    def _solc(self) -> Path:
        return self.folder / "solc"

    def _forge(self, command: str, effort: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        settings = {
            "HOME": str(self.folder / "home"),
            "FOUNDRY_DYNAMIC_TEST_LINKING": "true",
            "FOUNDRY_OUT": str(self.folder / "out"),
            "FOUNDRY_CACHE_PATH": str(self.folder / "cache"),
            "FOUNDRY_FUZZ_FAILURE_PERSIST_DIR": str(self.folder / "failures"),
            "FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": str(self.folder / "failures"),
        }
        return subprocess.run(  # noqa: S603 - our own executable
            [str(TOOLS / "forge"), command, "--root", str(self.project.root), *arguments],
            env={**os.environ, **SAME_EACH_TIME, **settings, **effort},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS if command == "test" else None,
            check=False,
        )


@dataclass(frozen=True)
class Laboratory:
    """What trials share: the trees, the contracts and what they compile to without a fault."""

    project: Project
    trees: dict[str, Node]
    contracts: dict[str, str]
    healthy: Bytecode

    def affected(self, path: str) -> dict[str, str]:
        """The contracts whose code a file can change."""
        files = readers(self.trees, path)
        return {name: home for name, home in self.contracts.items() if home in files}

    def try_out(self, mutant: Mutant, solc: Compiler, bench: Bench) -> Verdict:
        """Compile a mutant and run the tests over it."""
        contracts = self.affected(mutant.path)
        changed = {mutant.path: mutant.applied_to(self.project.sources[mutant.path])}
        try:
            bytecode = self.project.bytecode(solc, contracts, changed)
        except CompileError:
            return Verdict(Outcome.STILLBORN)
        faulty = {name: code for name, code in bytecode.items() if code != self.healthy[name]}
        if not faulty:
            return Verdict(Outcome.SAME_CODE)
        bench.exchange(faulty)
        try:
            killer = bench.first_failure(QUICK) or bench.first_failure(THOROUGH)
        finally:
            bench.exchange({name: self.healthy[name] for name in faulty})
        return Verdict(Outcome.KILLED, killer) if killer else Verdict(Outcome.SURVIVED)
