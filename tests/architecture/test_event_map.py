"""docs/events.md says where every event goes, and says so truly."""

import re
from pathlib import Path
from typing import get_args

import pytest

from ledger.chain.abi import CONTRACT_NAMES, events
from ledger.credits import mirror_models as credit_rows
from ledger.db.base import Base
from ledger.events.outbox import EventName
from ledger.market import mirror_models as market_rows

ROOT = Path(__file__).parents[2]
MAP = ROOT / "docs" / "events.md"
NOWHERE = "-"

Row = tuple[str, ...]


def table(heading: str) -> list[Row]:
    """The rows of the table under this heading."""
    section = MAP.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in lines[2:]]


ON_CHAIN = table("From the chain to the mirror")
DOMAIN = table("Domain events")
MIRRORS = sorted(ROOT.glob("ledger/*/mirror.py"))


def names_it(path: str, name: str) -> bool:
    """Whether the file has this name as a text of its own."""
    return f'"{name}"' in (ROOT / path).read_text()


def test_every_event_of_every_contract_has_one_row() -> None:
    emitted = sorted((contract, event.name) for contract in CONTRACT_NAMES for event in events(contract))
    assert sorted((row[0], row[1]) for row in ON_CHAIN) == emitted


@pytest.mark.parametrize("row", ON_CHAIN, ids=lambda row: f"{row[0]}.{row[1]}")
def test_an_event_goes_where_its_row_says_and_nowhere_else(row: Row) -> None:
    contract, event, mirrors, _, closing = row
    said = {path.strip() for path in mirrors.split(",") if path.strip() != NOWHERE}
    if closing != NOWHERE:
        said.add(closing.rsplit(" in ", 1)[1])
    assert all(names_it(path, event) for path in said)
    other_rows = {path for other in ON_CHAIN if other[1] == event and other[0] != contract for path in other[2:]}
    elsewhere = " ".join(other_rows)
    unsaid = [str(path.relative_to(ROOT)) for path in MIRRORS if str(path.relative_to(ROOT)) not in said]
    assert [path for path in unsaid if names_it(path, event) and path not in elsewhere] == []


def test_the_map_names_every_mirrored_table_and_no_other() -> None:
    told = {name for row in ON_CHAIN for name in re.findall(r"\w+", row[3])}
    mirrored = {
        mapper.class_.__tablename__
        for mapper in Base.registry.mappers
        if mapper.class_.__module__ in {credit_rows.__name__, market_rows.__name__}
    }
    assert told == mirrored


def test_every_domain_event_has_one_row() -> None:
    assert sorted(row[0] for row in DOMAIN) == sorted(get_args(EventName))


@pytest.mark.parametrize("row", DOMAIN, ids=lambda row: row[0])
def test_a_domain_event_is_written_where_its_row_says_with_what_it_says(row: Row) -> None:
    name, _, path, fields = row
    assert names_it(path, name)
    assert [field for field in fields.split(", ") if not names_it(path, field)] == []
    writers = [
        str(source.relative_to(ROOT))
        for source in (ROOT / "ledger").rglob("*.py")
        if source.name != "outbox.py" and names_it(str(source.relative_to(ROOT)), name)
    ]
    assert writers == [path]
