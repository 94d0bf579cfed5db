"""Mutants: copies of the sources with one small fault each, named so that a name outlives changes elsewhere."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.operators import Change, Node, places

LEAST_PER_FILE = 4


@dataclass(frozen=True)
class Mutant:
    """One fault. `name` says where and of which kind, and ends in a hash of the line and of what became of it."""

    name: str
    path: str
    line: int
    change: Change
    original: str

    def applied_to(self, source: str) -> str:
        """The file's text with the fault in it."""
        content = source.encode()
        return (content[: self.change.start] + self.change.replacement.encode() + content[self.change.end :]).decode()

    @property
    def difference(self) -> str:
        """What became what, on one line."""
        return f"{_one_line(self.original)} → {_one_line(self.change.replacement) or 'nothing'}"


def mutants_of(path: str, source: str, tree: Node) -> list[Mutant]:
    """Every mutant of a file, in the order of the source."""
    content = source.encode()
    inside: dict[Change, str] = {}
    for place in places(content, tree, Path(path).stem):
        for change in place.changes():
            inside.setdefault(change, place.inside)
    twins: Counter[str] = Counter()
    mutants = []
    for change in sorted(inside, key=lambda change: (change.start, change.end, change.operator, change.replacement)):
        original = content[change.start : change.end].decode()
        label = f"{inside[change]} {change.operator}"
        fault = f"{label}|{_line_around(content, change)}|{original}|{change.replacement}"
        twins[fault] += 1
        digest = hashlib.sha256(f"{fault}|{twins[fault]}".encode()).hexdigest()[:6]
        line = content.count(b"\n", 0, change.start) + 1
        mutants.append(Mutant(f"{label} {digest}", path, line, change, original))
    return mutants


def _line_around(content: bytes, change: Change) -> str:
    """The line that a change begins in, with a mark where it begins."""
    start = content.rfind(b"\n", 0, change.start) + 1
    end = content.find(b"\n", change.start)
    return f"{content[start : change.start].decode().lstrip()}^{content[change.start : end].decode()}"


def sample(mutants: Iterable[Mutant], size: int) -> list[Mutant]:
    """Choose `size` mutants: a few of each file, the rest by chance; always the same ones of the same mutants."""
    shuffled = sorted(mutants, key=lambda mutant: hashlib.sha256(mutant.name.encode()).digest())
    taken: Counter[str] = Counter()
    first: list[Mutant] = []
    rest: list[Mutant] = []
    for mutant in shuffled:
        taken[mutant.path] += 1
        (first if taken[mutant.path] <= LEAST_PER_FILE else rest).append(mutant)
    chosen = (first + rest)[:size]
    return sorted(chosen, key=lambda mutant: (mutant.path, mutant.change.start, mutant.name))


def _one_line(text: str) -> str:
    return " ".join(text.split())
