"""What providers say when they refuse, and what it is taken for."""

import re

import pytest

from indexer.endpoints.refusals import WORDINGS, Kind, Refusal, understand
from tests.support.dialects import DIALECTS, Dialect

LIMIT = 1500


def said_by(dialect: Dialect, limit: int = LIMIT) -> Refusal | None:
    error = dialect.error(limit, "0x64", "0x1f3")
    return understand(error["code"], f"{error['message']} {error.get('data', '')}", dialect.status)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_known_refusal_is_taken_for_what_it_means(dialect: Dialect) -> None:
    refusal = said_by(dialect)
    assert refusal is not None
    assert refusal.kind == dialect.kind
    assert refusal.limit == (LIMIT if "{limit" in dialect.text else None)
    if "{first}" in dialect.text:
        assert refusal.width == 0x1F3 - 0x64 + 1


@pytest.mark.parametrize(
    "text", ["up to a 2K block range", "eth_getLogs is limited to a 2,000 range", "Max range: 2_000"]
)
def test_a_limit_is_read_however_it_is_written(text: str) -> None:
    assert understand(-32600, text) == Refusal(Kind.BLOCKS, 2000)


def test_the_same_code_means_what_its_text_says() -> None:
    """-32005 is one provider's "too many results" and another's "too many requests"; alone, it asks for less."""
    assert understand(-32005, "query returned more than 10000 results") == Refusal(Kind.RESULTS, 10_000)
    assert understand(-32005, "project ID request rate exceeded") == Refusal(Kind.RATE)
    assert understand(-32005, "something new") == Refusal(Kind.RESULTS)


def test_a_status_counts_where_the_text_says_nothing() -> None:
    assert understand(0, "", 429) == Refusal(Kind.RATE)
    assert understand(0, "", 413) == Refusal(Kind.RESULTS)
    assert understand(0, "", 403) == Refusal(Kind.CLOSED)
    assert understand(-32601, "the method eth_getBlockReceipts does not exist") == Refusal(Kind.METHOD)


@pytest.mark.parametrize("text", ["execution reverted", "internal error", "nonce too low", ""])
def test_what_nobody_is_known_to_mean_by_a_limit_is_not_taken_for_one(text: str) -> None:
    assert understand(-32000, text) is None


def test_no_wording_is_there_that_no_provider_was_seen_to_use() -> None:
    texts = [dialect.text.format(limit=LIMIT, first="0x64", last="0x1f3") for dialect in DIALECTS.values()]
    texts += ["block is out of range", "invalid block range", 'Error("Memory capacity exceeded")']
    said = "\n".join(texts).lower()
    unused = [each.pattern.pattern for each in WORDINGS if not re.search(each.pattern.pattern, said, re.MULTILINE)]
    assert unused == []
