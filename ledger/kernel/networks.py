"""Where each network's nodes are, and when its blocks count as final."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ledger.kernel.finality import Finality
from ledger.kernel.nodes import NodeUrls

WINDOW = 256
LONGEST_WINDOW = 4096
"""What tags may lie below the head: a network that finalizes in minutes may have a bad hour."""


def _urls(given: Any) -> Any:
    """Several URLs may come as a list."""
    return " ".join(given) if isinstance(given, list) else given


class NetworkSettings(BaseModel):
    """One network that is followed."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    rpc: Annotated[str, BeforeValidator(_urls)] = Field(description="Its nodes, as `NodeUrls` reads them.")
    finality: str = Field(default="finalized", description="`depth:N` or N blocks, `safe` or `finalized`.")
    window: int | None = Field(
        default=None,
        ge=16,
        description="Blocks below the head that a reorg never reaches; with a tag, how far below it may lie at most.",
    )

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        depth = self.rule.depth
        if depth is not None and depth > self.blocks_remembered:
            raise ValueError(f"finality at a depth of {depth} needs a window of at least as many blocks")
        _ = self.nodes
        return self

    @property
    def nodes(self) -> NodeUrls:
        """Its nodes."""
        return NodeUrls.parse(self.rpc)

    @property
    def rule(self) -> Finality:
        """When its blocks are final."""
        return Finality.parse(self.finality)

    @property
    def blocks_remembered(self) -> int:
        """How many blocks below the head are remembered, at most."""
        return self.window or (WINDOW if self.rule.tag is None else LONGEST_WINDOW)
