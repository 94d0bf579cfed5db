import json
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ccm import logs
from ledger.db.session import create_engine, create_sessions

log = logging.getLogger("ledger.test")
PERSON = {"name": "Jane\nDoe"}


def lines(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data / logs.LOG_FILE).read_text().splitlines()]


def test_a_warning_is_for_people_and_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logs.logging_to(tmp_path):
        log.info("all is well", extra={"facts": {"blockNumber": 7}})
        log.warning("indexing pauses: %s", "no\nanswer")
        logging.getLogger("some.library").info("jane@example.org connected")
    log.warning("nobody listens any more")

    said = capsys.readouterr().err
    assert "WARNING ledger.test: indexing pauses: no\nanswer" in said
    assert "all is well" not in said
    well, pause = lines(tmp_path)
    assert (well["level"], well["message"], well["blockNumber"]) == ("INFO", "all is well", 7)
    assert (pause["level"], pause["message"]) == ("WARNING", "indexing pauses: no\nanswer")


async def test_what_the_database_refused_is_told_without_the_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    engine = create_engine(database_url)
    with logs.logging_to(tmp_path):
        try:
            async with create_sessions(engine).begin() as session:
                await session.execute(text("CREATE TABLE people (name text UNIQUE)"))
                for _ in range(2):
                    await session.execute(text("INSERT INTO people VALUES (:name)"), PERSON)
        except IntegrityError as error:
            log.error("request failed", exc_info=error)  # noqa: TRY400  # as the API logs it
    await engine.dispose()

    (line,) = lines(tmp_path)
    said = capsys.readouterr().err
    for told in (line["traceback"], said):
        assert "people_name_key" in told
        assert "INSERT INTO people" in told
        assert "Jane" not in told
        assert "Doe" not in told


def test_the_file_is_turned_over_before_it_grows_too_large(tmp_path: Path) -> None:
    half = "x" * (logs.LARGEST_BYTES // 2 - 1000)
    with logs.logging_to(tmp_path):
        for _ in range(2 * (logs.KEPT_FILES + 2)):
            log.info(half)
    files = sorted((tmp_path / logs.LOG_FILE).parent.iterdir())
    assert [file.name for file in files] == ["ccm.log", "ccm.log.1", "ccm.log.2", "ccm.log.3"]
    assert all(0 < file.stat().st_size <= logs.LARGEST_BYTES for file in files)
