"""Files that appear whole or not at all."""

import os
import secrets
from pathlib import Path

PRIVATE = 0o600
PUBLIC = 0o644


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read (mode 600), replacing an earlier one in one step."""
    write_whole(path, text, PRIVATE)


def write_whole(path: Path, text: str, mode: int = PUBLIC) -> None:
    """Writes a file that others may read, replacing an earlier one in one step.

    It is written under another name, synced and renamed, so that a crash leaves the old file or the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
