"""How the story looks in a terminal."""

import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rich.console import Console
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
        """A thing that the chain did: what, in which transaction, how long after the start."""
        transaction = answer.get("blockchainTx") or answer.get("transactionHash") or "-"
        elapsed = time.monotonic() - self._started
        self.console.print(f"  [bold]+{elapsed:5.1f} s[/]  {what}  [dim]({answer['status']})[/]")
        self.console.print(f"  [dim]tx[/] {transaction}", soft_wrap=True)

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
        """A table; numbers stand right."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        listed = [list(row) for row in rows]
        for index, column in enumerate(columns):
            numeric = all(isinstance(row[index], Decimal | int) for row in listed)
            table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
        for row in listed:
            table.add_row(*(f"{cell:,}" if isinstance(cell, Decimal | int) else str(cell) for cell in row))
        self.console.print(Padding(table, (1, 0, 1, 4)))

    def progress(self) -> Progress:
        """A bar for work that takes a while."""
        return Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
