"""What a run found: kept from run to run, told as tables, and held against the page that explains the survivors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.trial import Outcome, Verdict

LEAST_KILLED_PERCENT = 95


@dataclass(frozen=True)
class Finding:
    """One mutant and what became of it."""

    name: str
    path: str
    line: int
    difference: str
    outcome: str
    killer: str

    @classmethod
    def of(cls, mutant: Mutant, verdict: Verdict) -> Finding:
        """What a trial found."""
        return cls(mutant.name, mutant.path, mutant.line, mutant.difference, verdict.outcome, verdict.killer)

    @property
    def operator(self) -> str:
        """The kind of fault."""
        return " ".join(self.name.split()[1:-1])

    def __str__(self) -> str:
        """A line for the terminal."""
        by = f" by {self.killer}" if self.killer else ""
        return f"{self.outcome}{by}: {self.name} ({self.path}:{self.line}: {self.difference})"


class Findings:
    """Findings by the mutant's name, in a file that outlives the run; `is_fresh` forgets the runs before."""

    def __init__(self, file: Path, *, is_fresh: bool) -> None:
        self._file = file
        kept = json.loads(file.read_text()) if file.exists() and not is_fresh else []
        self.by_name = {entry["name"]: Finding(**entry) for entry in kept}

    def add(self, finding: Finding) -> None:
        """Keep a finding, instead of an older one of the same mutant."""
        self.by_name[finding.name] = finding
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps([asdict(entry) for entry in self.by_name.values()], indent=1))

    def of(self, mutants: Iterable[Mutant]) -> list[Finding]:
        """What was found of these mutants."""
        return [self.by_name[mutant.name] for mutant in mutants if mutant.name in self.by_name]


def table(findings: list[Finding], title: str) -> str:
    """Count the outcomes by file or by kind of fault, as Markdown."""
    lines = [f"| {title} | mutants | killed | survived | stillborn | same code |", "| --- " + "| ---: " * 5 + "|"]
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        key = finding.operator if title == "fault" else finding.path
        groups.setdefault(key, []).append(finding)
    for key, group in [*sorted(groups.items()), ("all", findings)]:
        counts = [sum(finding.outcome == outcome for finding in group) for outcome in Outcome]
        lines.append(f"| {key} | {counts[0] + counts[1]} | " + " | ".join(str(count) for count in counts) + " |")
    return "\n".join(lines)


def killed_percent(findings: list[Finding]) -> float:
    """How many of the mutants that live were killed."""
    living = [finding for finding in findings if finding.outcome in {Outcome.KILLED, Outcome.SURVIVED}]
    return 100 * sum(finding.outcome == Outcome.KILLED for finding in living) / max(len(living), 1)


def complaints(findings: list[Finding], names: set[str], explained: set[str]) -> list[str]:
    """What is wrong: too few killed, a survivor that is not explained, an explanation of none.

    `names` are those of all mutants there are, whether they were tried or not.
    """
    survivors = {finding.name for finding in findings if finding.outcome == Outcome.SURVIVED}
    outcomes = {finding.name: finding.outcome for finding in findings}
    lines = [f"survived without an explanation: {name}" for name in sorted(survivors - explained)]
    for name in sorted(explained - survivors):
        if name not in names:
            lines.append(f"explained, but no such mutant is left: {name}")
        elif name in outcomes:
            lines.append(f"explained as a survivor, but {outcomes[name]}: {name}")
    if findings and killed_percent(findings) < LEAST_KILLED_PERCENT:
        lines.append(f"killed {killed_percent(findings):.1f} %, less than {LEAST_KILLED_PERCENT} %")
    return lines
