"""How the story looks in a terminal."""

import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class Screen:
    """Chapters, steps with their transaction and time, and tables that a person understands."""

    def __init__(self, console: Console) -> None:
        """Takes the console that everything is printed on."""
        self.console = console
        self._chapters = 0
        self._started = time.monotonic()

    def chapter(self, title: str, text: str) -> None:
        """Begins a chapter of the story."""
        self._chapters += 1
        self.console.print()
        self.console.rule(f"[bold green]{self._chapters}. {title}", align="left", style="green")
        self.say(text)

    def say(self, text: str) -> None:
        """A paragraph."""
        self.console.print(Padding(text, (0, 0, 0, 2)))

    def made_up(self, text: str) -> None:
        """Says what of the story is not real."""
        self.console.print(Padding(f"[yellow]made up:[/] {text}", (0, 0, 0, 2)))

    def step(self, what: str, answer: dict[str, Any]) -> None:
        """A thing that was done: what, how long after the start, and the transaction where the chain did it."""
        elapsed = f"+{time.monotonic() - self._started:.1f} s"
        self.console.print(f"  [bold]{elapsed:<7}[/] {what}  [dim]({answer['status'].replace('_', ' ')})[/]")
        if transaction := answer.get("blockchainTx") or answer.get("transactionHash"):
            self.console.print(f"{'':10}[dim]tx[/] {transaction}", soft_wrap=True)

    def file(self, what: str, path: Path) -> None:
        """Where a file lies, in one piece that can be copied."""
        self.console.print(f"  {what}: [bold]{escape(str(path))}[/]", soft_wrap=True)

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
        """A table; numbers stand right."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        listed = [list(row) for row in rows]
        for index, column in enumerate(columns):
            numeric = all(isinstance(row[index], Decimal | int) for row in listed)
            table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
        for row in listed:
            table.add_row(*(f"{cell:,}" if isinstance(cell, Decimal | int) else str(cell) for cell in row))
        self.console.print(Padding(table, (1, 0, 0, 4)))

    def progress(self) -> Progress:
        """A bar for work that takes a while."""
        return Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
