"""docs/contracts.md, read as programs and tables."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "contracts.md"
TYPE = re.compile(r"^(\w+)\(\w+(?:\[\])? \w+(?:,\w+(?:\[\])? \w+)*\)$", re.MULTILINE)


def blocks(language: str) -> list[str]:
    """The page's code blocks in a language, in the order in which they build on each other."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def types() -> dict[str, str]:
    """Every EIP-712 type on the page, by its name."""
    listed = "".join(blocks("text"))
    return {found[1]: found[0] for found in TYPE.finditer(listed)}


def section(heading: str) -> str:
    """What stands under a heading, up to the next one of its rank."""
    rank = heading.partition(" ")[0]
    return PAGE.read_text().split(f"{heading}\n", 1)[1].split(f"\n{rank} ", 1)[0]


def rows(text: str) -> list[tuple[str, ...]]:
    """The cells of every table row in a text, without headings and without the backticks around a cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in lines]
    ruled = {number for number, row in enumerate(cells) if set("".join(row)) <= {"-", " "}}
    return [row for number, row in enumerate(cells) if number not in ruled and number + 1 not in ruled]
