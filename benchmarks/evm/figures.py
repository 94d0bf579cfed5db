"""What was measured: the gas of a transaction, what one unit of it comes to, and what a peer needs for the like."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.evm.chain import Mined
from benchmarks.report import table


@dataclass(frozen=True, slots=True)
class Peer:
    """What somebody else's contract needed in the same run."""

    name: str
    gas: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A whole transaction of ours, as its sender pays for it."""

    name: str
    gas: int
    state: str
    """What storage held before: what makes a transaction cheap or dear."""
    units: int = 1
    """How many credits, makers or actions it carried."""
    peers: tuple[Peer, ...] = ()
    parts: dict[str, int] = field(default_factory=dict)
    """Where its gas went, if that was looked into."""

    @property
    def gas_per_unit(self) -> float:
        """The transaction's gas over what it carried."""
        return self.gas / self.units

    def ratio(self, peer: Peer) -> float:
        """Ours over the peer's: below 1 where ours is the cheaper."""
        return self.gas / peer.gas

    def as_json(self) -> dict[str, Any]:
        """The figure as a program reads it."""
        peers = {peer.name: {"gas": peer.gas, "ratio": round(self.ratio(peer), 4)} for peer in self.peers}
        facts = {"gas": self.gas, "units": self.units, "gas_per_unit": round(self.gas_per_unit, 1), "state": self.state}
        return {**facts, "peers": peers, **({"parts": self.parts} if self.parts else {})}


def figure(name: str, mined: Mined, state: str, units: int = 1, peers: Sequence[Peer] = ()) -> Figure:
    """A figure out of a receipt."""
    return Figure(name, mined.gas, state, units, tuple(peers))


def figures_table(figures: Sequence[Figure]) -> str:
    """A row for each figure, and one beneath for each of its peers."""
    rows: list[tuple[str, ...]] = []
    for each in figures:
        rows.append((each.name, f"{each.gas:,}", f"{each.gas_per_unit:,.0f}" if each.units > 1 else "", "", each.state))
        rows += [(f"- {peer.name}", f"{peer.gas:,}", "", f"{each.ratio(peer):.3f}", "") for peer in each.peers]
    return table(("transaction", "gas", "a unit", "ours / peer's", "before it"), rows)


def parts_table(figures: Sequence[Figure]) -> str:
    """Where the gas of the figures went that were looked into, for each unit."""
    found = [each for each in figures if each.parts]
    names = list(dict.fromkeys(name for each in found for name in each.parts))
    rows = [
        (each.name, *(f"{each.parts.get(name, 0) / each.units:,.0f}" for name in names), f"{each.gas_per_unit:,.0f}")
        for each in found
    ]
    return table(("gas a unit", *names, "in all"), rows)
