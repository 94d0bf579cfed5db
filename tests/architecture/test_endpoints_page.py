"""docs/endpoints.md lists what nodes refuse in their own words, as the tests have them say it."""

from pathlib import Path

import pytest

from tests.support.dialects import DIALECTS, Dialect

PAGE = (Path(__file__).parents[2] / "docs" / "endpoints.md").read_text()


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_known_refusal_stands_on_the_page(dialect: Dialect) -> None:
    text = dialect.text.replace("{limit:,}", "{limit}").format(limit="N", first="A", last="B")
    assert any(line.startswith(f"| {dialect.kind} | ") and f" | {text} | " in line for line in PAGE.splitlines())
