"""Who holds which role: everyone whom the manager's logs ever named, asked after one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from scripts.deploy._core.artifacts import event_topic
from scripts.deploy._core.node import Node, NodeRefused
from scripts.deploy._core.steps import MANAGER

WIDEST_BLOCKS = 50_000
"""How many blocks one call for logs spans at first; nodes that take fewer are asked for fewer."""


@dataclass(frozen=True, slots=True)
class Member:
    """An account with a role, now or from a moment on."""

    account: str
    since: int
    """From when on, as a Unix time."""
    delay_seconds: int
    """How long it must announce each call before it makes it."""
    is_pending: bool
    """Whether that moment is still to come."""

    def __str__(self) -> str:
        waiting = f" (only from {self.since})" if self.is_pending else ""
        slow = f" (after {self.delay_seconds} s)" if self.delay_seconds else ""
        return f"{self.account}{waiting}{slow}"


def members(node: Node, manager: str, first_block: int) -> dict[int, list[Member]]:
    """The members of every role that was ever granted, revoked ones left out.

    Raises:
        DeploymentError: the node gives no logs of that time.
    """
    now = int(node.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    found: dict[int, list[Member]] = {}
    for role, account in sorted(set(_ever_granted(node, manager, first_block))):
        since, delay, _, _ = node.read(MANAGER, manager, "getAccess", role, account)
        if since:
            found.setdefault(role, []).append(Member(account, since, delay, since > now))
    return found


def _ever_granted(node: Node, manager: str, first_block: int) -> Iterator[tuple[int, str]]:
    for log in _logs(node, manager, first_block):
        _, role, account = log["topics"]
        yield int(role, 16), to_checksum_address("0x" + account[-40:])


def _logs(node: Node, manager: str, first_block: int) -> Iterator[Mapping[str, Any]]:
    """Every RoleGranted of the manager's; the span halves where the node refuses one as too wide."""
    topic = "0x" + event_topic(MANAGER, "RoleGranted").hex()
    start, head, span = first_block, node.number("eth_blockNumber"), WIDEST_BLOCKS
    while start <= head:
        end = min(start + span - 1, head)
        asked = {"address": manager, "topics": [topic], "fromBlock": hex(start), "toBlock": hex(end)}
        try:
            logs = node.ask("eth_getLogs", asked)
        except NodeRefused:
            if span == 1:
                raise
            span //= 2
            continue
        yield from logs
        start = end + 1
