"""What a run has to say: to people on the error stream, to programs in a file. Never a person's name, never a key.

A record's facts (`extra={"facts": …}`) stand beside its message in the file, one JSON object a line.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import msgspec

from ledger.kernel.clock import iso

LOG_FILE = Path("logs", "ccm.log")
"""Inside the data folder."""
LARGEST_BYTES = 10_000_000
KEPT_FILES = 3

OURS = ("api", "ccm", "indexer", "ledger")
"""The loggers whose information is kept. Of libraries only warnings are: what they inform about may be personal."""

_QUOTED_ROWS = re.compile(r"^DETAIL:.*?(?=^\[SQL|^HINT:|^$|\Z)", re.DOTALL | re.MULTILINE)
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def logging_to(data: Path | None) -> Iterator[None]:
    """Logs warnings and errors to the error stream, and all that we inform about to a file in the data folder too.

    The caller holds the data folder: no other process may write to the file that this one rotates. Without one, all
    that we inform about goes to the error stream, as the file would have it.
    """
    root = logging.getLogger()
    handlers = [_json_stream()] if data is None else [_error_stream(), _file(data / LOG_FILE)]
    for handler in handlers:
        root.addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        yield
    finally:
        for name in OURS:
            logging.getLogger(name).setLevel(logging.NOTSET)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _error_stream() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Plain("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def _json_stream() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(_Json())
    return handler


def _file(path: Path) -> logging.Handler:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=LARGEST_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    handler.setFormatter(_Json())
    return handler


class _Plain(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback below it."""
        record.exc_text = None  # where a formatter keeps its traceback for others, who may tell less
        return super().format(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802  # logging's signature
        """When it happened, as the standard writes moments."""
        return iso(datetime.fromtimestamp(record.created, UTC))

    def formatException(self, ei: _Raised) -> str:  # noqa: N802  # logging's name
        """The traceback, without the values of rows that PostgreSQL quotes in its details."""
        return _QUOTED_ROWS.sub("", super().formatException(ei))


class _Json(_Plain):
    """Lines for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        line: dict[str, object] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()
