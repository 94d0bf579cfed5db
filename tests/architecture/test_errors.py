"""Every error that a user can meet has a code of its own, and an HTTP status."""

import importlib
import pkgutil

import ledger
from api.problems import STATUS_BY_NUMBER, status_of
from ledger.chain.custody import CustodyError
from ledger.kernel.errors import CcmError


def errors() -> list[type[CcmError]]:
    """Every error type of the ledger."""
    for module in pkgutil.walk_packages(ledger.__path__, "ledger."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    found: list[type[CcmError]] = []
    pending = CcmError.__subclasses__()
    while pending:
        error = pending.pop()
        found.append(error)
        pending.extend(error.__subclasses__())
    return sorted(
        (error for error in found if error.__module__.startswith("ledger.")), key=lambda error: error.__name__
    )


def test_every_error_has_a_status_but_those_that_end_a_start() -> None:
    statuses = {error: status_of(error("a message")) for error in errors()}
    assert {error for error, status in statuses.items() if status is None} == {CustodyError}
    assert {status // 100 for status in statuses.values() if status is not None} == {4, 5}


def test_every_code_is_written_as_the_standard_writes_codes_and_stands_for_one_number() -> None:
    number_by_code: dict[str, int | None] = {}
    for error in errors():
        assert error.code == error.code.upper().replace(" ", "_"), error.__name__
        assert number_by_code.setdefault(error.code, error.number) == error.number, error.__name__


def test_every_number_is_one_of_the_standards() -> None:
    assert {error.number for error in errors()} - {None} <= set(STATUS_BY_NUMBER)
