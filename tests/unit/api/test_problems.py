from collections.abc import Iterator

import pytest

import ledger.credits
import ledger.footprint
import ledger.market  # noqa: F401  # so that every capability's errors are known below
from api.problems import STATUS_BY_NUMBER, status_of
from ledger.kernel.errors import CcmError


def kinds(kind: type[CcmError] = CcmError) -> Iterator[type[CcmError]]:
    """The errors that a request can meet: those of the ledger's `errors` modules."""
    for each in kind.__subclasses__():
        if each.__module__.startswith("ledger.") and each.__module__.endswith(".errors"):
            yield each
        yield from kinds(each)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=str))
def test_every_error_has_a_code_and_an_http_status(kind: type[CcmError]) -> None:
    error = kind("Something is wrong; correct it.")
    assert status_of(error) in range(400, 600)
    assert error.code == error.code.upper()
    assert error.number is None or error.number in STATUS_BY_NUMBER
