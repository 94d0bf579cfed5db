"""An event loop whose time runs faster, so that pauses and patience pass in a fraction of what they say."""

import asyncio
import selectors

HASTE = 20
"""How many seconds of the loop pass in one of the world's."""


class _Selector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Waits for as long as the world takes."""
        return super().select(None if timeout is None else timeout / HASTE)


class HastyLoop(asyncio.SelectorEventLoop):
    """The usual loop, in a hurry."""

    def __init__(self) -> None:
        super().__init__(_Selector())

    def time(self) -> float:
        """The loop's own clock."""
        return HASTE * super().time()
