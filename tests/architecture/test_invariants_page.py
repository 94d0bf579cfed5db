"""docs/invariants.md names what proves each invariant, and every check of `ccm verify` is one of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "invariants.md").read_text()
SECTIONS = re.findall(r"^## (\d+)\. .*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
PROOFS = re.findall(r"^- (fuzzed|verified|tested): `(.+)` in (\S+)$", PAGE, re.MULTILINE)


def test_the_invariants_are_numbered_without_a_gap() -> None:
    assert [int(number) for number in SECTIONS] == list(range(1, len(SECTIONS) + 1))


@pytest.mark.parametrize(("how", "what", "path"), PROOFS)
def test_each_proof_is_where_the_page_says(how: str, what: str, path: str) -> None:
    assert what in (ROOT / path).read_text(), f"nothing {how} so in {path}"


def test_every_check_of_verify_stands_on_the_page_under_its_number() -> None:
    checked = set()
    for path in sorted((ROOT / "ledger" / "reconcile").glob("*_checks.py")):
        text = path.read_text()
        checked |= set(re.findall(r'finding\(\s*(\d+), "([^"]+)"', text))
        checked |= {("6", what) for what in re.findall(r'_same\("([^"]+)"', text)}
    stated = set()
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        number = section.partition(".")[0]
        stated |= {(number, what) for what in re.findall(r"^- verified: `(.+)` in", section, re.MULTILINE)}
    assert stated == checked
