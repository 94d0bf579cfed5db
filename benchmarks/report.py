"""What every benchmark says at its end: figures, and the targets that they hold or miss."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHOLE_FROM = 1000
"""Figures from here on are told without decimal places."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must not exceed, or must reach."""

    what: str
    figure: float
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure stays within it, or reaches it."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


def machine(**more: Any) -> dict[str, Any]:
    """What the figures were measured on."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version(), **more}


def report_json(name: str, on: Mapping[str, Any], figures: Mapping[str, Any], targets: Sequence[Target]) -> str:
    """The one object that a program reads."""
    held = {each.what: {"figure": each.figure, "target": each.limit, "holds": each.holds} for each in targets}
    return json.dumps({"name": name, "machine": on, "figures": figures, "targets": held}, indent=2)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their header as Markdown has it, columns of numbers to the right."""
    columns = list(zip(header, *rows, strict=True))
    return "\n".join(
        "| " + " | ".join(cells) + " |" for cells in zip(*(_padded(column) for column in columns), strict=True)
    )


def targets_table(targets: Sequence[Target]) -> str:
    """Each target, and whether it holds."""
    rows = [(each.what, number(each.figure), _aim(each), "holds" if each.holds else "MISSED") for each in targets]
    return table(("target", "figure", "aim", ""), rows)


def number(figure: float) -> str:
    """A figure as people read it: small ones with a decimal place."""
    return f"{figure:,.0f}" if figure >= WHOLE_FROM or figure == int(figure) else f"{figure:,.1f}"


def _aim(target: Target) -> str:
    return f"at {'least' if target.at_least else 'most'} {number(target.limit)}"


def _padded(column: Sequence[str]) -> list[str]:
    """A column's cells at one width, its rule beneath the first."""
    width = max(3, *(len(cell) for cell in column))
    head, *cells = column
    if all(cell[:1].isdigit() or not cell for cell in cells):
        return [head.rjust(width), "-" * (width - 1) + ":", *(cell.rjust(width) for cell in cells)]
    return [head.ljust(width), "-" * width, *(cell.ljust(width) for cell in cells)]


def _cpu() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
