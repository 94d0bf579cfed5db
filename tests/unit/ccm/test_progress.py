import io
import logging
from typing import Any

import pytest
from rich.console import Console

from ccm.progress import catching_up
from ledger.chain.following import Following


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    facts: dict[str, Any] = record.facts  # type: ignore[attr-defined]  # what the file of logs shows beside it
    return facts


def behind() -> Following:
    return Following("polygon", head_block=999, next_block=250)


def test_in_a_terminal_a_bar_shows_how_far_each_network_is() -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    following = behind()
    with catching_up([following, Following("ethereum")], console) as tell:
        tell()
        following.next_block = 500
        tell()
    assert "polygon" in shown.getvalue()
    assert "500/1000" in shown.getvalue()
    assert "ethereum" not in shown.getvalue()


def test_elsewhere_lines_of_the_log_say_the_same(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ccm")
    following = behind()
    with catching_up([following], Console(file=io.StringIO()), log_seconds=0) as tell:
        tell()
        following.next_block = 500
        tell()
        following.next_block = 1000
        tell()
    first, second = (facts_of(record) for record in caplog.records)
    assert (first["network"], first["nextBlock"], first["headBlock"], first["secondsLeft"]) == (
        "polygon",
        250,
        999,
        None,
    )
    assert (second["nextBlock"], second["blocksPerSecond"] > 0, second["secondsLeft"] >= 0) == (500, True, True)


def test_a_line_is_written_now_and_then_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ccm")
    with catching_up([behind()], Console(file=io.StringIO())) as tell:
        tell()
        tell()
    assert caplog.records == []
