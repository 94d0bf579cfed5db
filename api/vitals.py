"""How far the mirrors are, network by network, and whether what they show is new enough to be served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from api.metrics import Figures
from ledger.chain.following import Following
from ledger.chain.models import Chain, ChainBlock
from ledger.db.session import Sessions
from ledger.kernel.clock import Clock, now
from ledger.kernel.settings import Settings

Status = Literal["ready", "starting", "lagging", "stopped"]
WORST_FIRST: tuple[Status, ...] = ("stopped", "lagging", "starting")


@dataclass(frozen=True, slots=True)
class MirrorState:
    """One network's mirror, now."""

    status: Status
    facts: dict[str, Any]
    """How far it is."""
    reason: str | None = None
    """Why it is not ready."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a process tells of itself: whether it can serve, and its figures."""

    settings: Settings
    sessions: Sessions
    following: Sequence[Following]
    """One for each network that has to be mirrored, whether this process does so or another one."""
    figures: Figures
    clock: Clock = now

    async def mirrors(self) -> list[MirrorState]:
        """Every network's mirror, in the order of `following`."""
        newest = select(ChainBlock.block_time).where(ChainBlock.chain_id == Chain.chain_id)
        newest = newest.order_by(ChainBlock.block_number.desc()).limit(1)
        networks = [each.network for each in self.following]
        rows = select(Chain.network, Chain.next_block, newest.scalar_subquery()).where(Chain.network.in_(networks))
        async with self.sessions() as session:
            known = {network: (next_block, time) for network, next_block, time in await session.execute(rows)}
        moment = self.clock()
        return [self._state(each, known.get(each.network), moment) for each in self.following]

    def _state(self, following: Following, known: tuple[int, datetime | None] | None, moment: datetime) -> MirrorState:
        network = following.network
        facts = _facts(following, known, moment)
        if following.stopped is not None:
            return MirrorState("stopped", facts, f"{network} is followed no longer: {following.stopped.message}")
        if known is None:
            return MirrorState("starting", facts, f"Nothing of {network} is mirrored yet.")
        if why := self._too_far_behind(following, moment):
            return MirrorState("lagging", facts, why)
        return MirrorState("ready", facts)

    def _too_far_behind(self, following: Following, moment: datetime) -> str | None:
        """Why what the mirror of a network shows is too old to be served; None where it is not."""
        blocks, seconds = following.lag_blocks(), following.lag_seconds(moment)
        most_blocks, most_seconds = self.settings.ready_lag_blocks, self.settings.ready_lag_seconds
        if seconds is None or ((blocks or 0) <= most_blocks and seconds <= most_seconds):
            return None
        if blocks is None:
            return f"No node of {following.network} has answered for {seconds} s; how far it is, is unknown."
        return (
            f"The mirror of {following.network} is {blocks} blocks and {seconds} s behind the chain; it serves up to "
            f"{most_blocks} blocks and {most_seconds} s."
        )


def _facts(following: Following, known: tuple[int, datetime | None] | None, moment: datetime) -> dict[str, Any]:
    """How far the mirror is: as its indexer knows where it runs in this process, else by the age of its last block."""
    if known is None:
        return {"network": following.network}
    next_block, block_time = known
    facts: dict[str, Any] = {
        "network": following.network,
        "blockNumber": next_block - 1,
        "blockTime": block_time,
        "lagSeconds": None if block_time is None else max(0, int((moment - block_time).total_seconds())),
    }
    if following.lag_blocks() is not None:
        facts |= {"lagBlocks": following.lag_blocks(), "lagSeconds": following.lag_seconds(moment)}
    return facts
