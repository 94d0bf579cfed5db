"""The saved states of the development chain: each in a file of its own, whole or not there, two generations kept."""

import gzip
import os
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

GENERATIONS_KEPT = 2
NAME = re.compile(r"^state-(\d{10})\.json\.gz$")


class StateFiles:
    """Generations of the state in one folder, newest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._saving = threading.Lock()

    def generations(self) -> list[Path]:
        """The saved states, newest first."""
        found = ((NAME.match(path.name), path) for path in self.folder.iterdir())
        numbered = sorted(((int(match[1]), path) for match, path in found if match), reverse=True)
        return [path for _, path in numbered]

    def save(self, dump: bytes) -> None:
        """Keeps what `anvil_dumpState` answered, a JSON string with the hex of gzipped JSON.

        The file gets its name once its content is on disk, and the generation before it stays: a crash at any
        moment leaves a whole state behind. A save that a stop overtakes ends before the last one begins.
        """
        with self._saving:
            self._save(dump)

    def _save(self, dump: bytes) -> None:
        content = bytes.fromhex(dump[3:-1].decode("ascii"))
        earlier = self.generations()
        number = int(earlier[0].name[6:16]) + 1 if earlier else 1
        unfinished = self.folder / "state.unfinished"
        with unfinished.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(self.folder / f"state-{number:010d}.json.gz")
        _sync_folder(self.folder)
        for surplus in earlier[GENERATIONS_KEPT - 1 :]:
            surplus.unlink()


class Header(msgspec.Struct):
    """What is looked at of a block's header."""

    number: str
    timestamp: str


class SavedBlock(msgspec.Struct):
    """What is looked at of a saved block."""

    header: Header


@contextmanager
def unpacked(generation: Path) -> Iterator[Path | None]:
    """The state as plain JSON in a file that is there for a while; None when the generation is damaged."""
    state = generation.with_name("state.loading.json")
    try:
        content = gzip.decompress(generation.read_bytes())  # checks its own CRC
        state.write_bytes(with_one_genesis(content))
    except (OSError, EOFError, zlib.error, msgspec.DecodeError):
        yield None
        return
    try:
        yield state
    finally:
        state.unlink()


def with_one_genesis(state: bytes) -> bytes:
    """The state without the genesis blocks of later starts.

    Each start of anvil makes a genesis block of its own before it loads the state, and its next dump holds that one
    too; which of them the start after that takes for the first block is chance. The chain grew on the oldest.
    """
    fields = msgspec.json.decode(state, type=dict[str, msgspec.Raw])
    blocks = msgspec.json.decode(fields["blocks"], type=list[msgspec.Raw])
    headers = [msgspec.json.decode(block, type=SavedBlock).header for block in blocks]
    oldest = min((int(header.timestamp, 16) for header in headers if int(header.number, 16) == 0), default=0)
    kept = [
        block
        for block, header in zip(blocks, headers, strict=True)
        if int(header.number, 16) > 0 or int(header.timestamp, 16) == oldest
    ]
    return msgspec.json.encode(fields | {"blocks": kept})


def set_aside(generation: Path) -> Path:
    """Takes a damaged state out of the generations, without losing it."""
    return generation.rename(generation.with_suffix(".damaged"))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
