"""Where a chain's nodes answer."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class NodeUrls:
    """The URLs of one chain's nodes."""

    calls: tuple[str, ...]
    """Over HTTP, the preferred one first: others are asked when it fails. At least one."""
    heads: tuple[str, ...]
    """Over WebSocket: these tell of new blocks."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """URLs between commas or blanks.

        Raises:
            ValueError: one has another scheme, or none takes calls.
        """
        urls = text.replace(",", " ").split()
        calls = tuple(url for url in urls if url.startswith(("http://", "https://")))
        heads = tuple(url for url in urls if url.startswith(("ws://", "wss://")))
        if not calls or len(calls) + len(heads) < len(urls):
            raise ValueError(
                "name at least one node with http:// or https://, more of them and WebSockets (ws:// or wss://) after "
                "it, between commas or blanks"
            )
        return cls(calls, heads)
