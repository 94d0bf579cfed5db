"""When a block counts as final: at a depth below the chain's head, or where the network's own tag says so."""

import re
from dataclasses import dataclass
from typing import Literal, Self, get_args

FinalityTag = Literal["safe", "finalized"]
TAGS: tuple[FinalityTag, ...] = get_args(FinalityTag)

_DEPTH = re.compile(r"(?:depth:)?([1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class Finality:
    """The rule of one network: a depth, or a tag. Exactly one of the two is given."""

    depth: int | None = None
    """Blocks, its own included, after which a block is final."""
    tag: FinalityTag | None = None
    """The name under which the network's nodes show their newest final block."""

    def __post_init__(self) -> None:
        """Sees that it is one rule."""
        if (self.depth is None) == (self.tag is None):
            raise AssertionError("finality is a depth or a tag")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote: `depth:12`, `safe` or `finalized`; a bare number is a depth.

        Raises:
            ValueError: it is none of these.
        """
        for tag in TAGS:
            if text == tag:
                return cls(tag=tag)
        depth = _DEPTH.fullmatch(text)
        if depth is None:
            raise ValueError(f"{text!r} is no finality: a number of blocks (12, or depth:12), safe or finalized")
        return cls(depth=int(depth[1]))

    def __str__(self) -> str:
        return self.tag or f"depth:{self.depth}"


AT_ONCE = Finality(depth=1)
"""A block is final as soon as it is mined: enough where nothing is of worth."""
