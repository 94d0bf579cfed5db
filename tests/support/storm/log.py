"""The steps of the storm: taken one by one, told as they come, and written down where one of them fails."""

import asyncio
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from tests.support.storm.storm import Storm

STEPS = int(os.environ.get("STORM_STEPS") or "300")
SEED = int(os.environ.get("STORM_SEED") or "1")
STORY = Path(os.environ["STORM_STORY"]) if os.environ.get("STORM_STORY") else None
"""A story that was written down, to be told again."""
TELLS = bool(os.environ.get("STORM_TELLS"))
STORIES = Path(__file__).parents[3] / ".build" / "storm"
PATIENCE_SECONDS = 60
STEPS_PER_LINE = 500


class StormLog:
    """Takes the steps in the loop in which the storm lives, from the thread that draws them."""

    def __init__(self, storm: Storm, loop: asyncio.AbstractEventLoop) -> None:
        self._storm = storm
        self._loop = loop
        self._story: list[bytes] = []
        self.last = ""
        """The name of the last step."""
        self._began = time.monotonic()
        self.taken: Counter[str] = Counter()

    @property
    def steps(self) -> int:
        """How many were taken so far."""
        return self.taken.total()

    def begin(self) -> None:
        """A new story."""
        self._story = []

    def step(self, name: str, **arguments: Any) -> None:
        """Takes a step: calls this method of the storm. Where it fails, the story so far is written down."""
        self._story.append(msgspec.json.encode((name, arguments)))
        self.taken[name] += 1
        self.last = name
        try:
            asyncio.run_coroutine_threadsafe(self._take(name, arguments), self._loop).result(PATIENCE_SECONDS)
        except BaseException as error:
            error.add_note(f"seed {SEED}, step {self.steps}; the story: make storm STORY={self._write_down()}")
            raise
        if TELLS:
            self._tell()

    def replay(self, story: Path) -> None:
        """Takes the steps that were written down."""
        for line in story.read_bytes().splitlines():
            name, arguments = msgspec.json.decode(line)
            hints = get_type_hints(getattr(Storm, name))
            self.step(name, **{key: msgspec.convert(value, hints[key]) for key, value in arguments.items()})

    async def _take(self, name: str, arguments: dict[str, Any]) -> None:
        await getattr(self._storm, name)(**arguments)
        await self._storm.check()

    def _write_down(self) -> Path:
        STORIES.mkdir(parents=True, exist_ok=True)
        path = STORIES / f"seed-{SEED}-step-{self.steps}.jsonl"
        path.write_bytes(b"\n".join(self._story))
        return path

    def _tell(self) -> None:
        """In a terminal one line that changes, elsewhere a line now and then."""
        if not sys.stderr.isatty() and self.steps % STEPS_PER_LINE:
            return
        rate = self.steps / (time.monotonic() - self._began)
        told = f"{self.steps:,} of {STEPS:,} steps, {rate:.0f}/s, {self.taken['calm']} calms"
        sys.stderr.write(f"\r{told}" if sys.stderr.isatty() else f"{told}\n")
        sys.stderr.flush()
