"""A chain that mines on command and changes its mind on command: every block is a place to go back to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.rpc import Rpc, to_bytes, to_hex, to_int

ACT_GAS = 1_000_000
GWEI = 10**9
RICH_WEI = 10**24


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction that somebody sends, whoever holds the key."""

    sender: bytes
    to: bytes
    data: bytes


class ForkingChain:
    """Blocks above `base`, mined and dropped. No reorg reaches more than `window` below the highest head ever shown."""

    def __init__(self, rpc: Rpc, window: int) -> None:
        self._rpc = rpc
        self._window = window
        self._snapshots: dict[int, str] = {}
        self.base = 0
        self.head = 0
        self.highest = 0
        """The highest head that was ever shown in this story."""

    @property
    def floor(self) -> int:
        """The newest block that no reorg takes back any more."""
        return max(self.base, self.highest - self._window)

    async def begin(self) -> None:
        """Takes the newest block as the base of everything that follows."""
        await self._rpc.call("evm_setAutomine", False)
        self.base = self.head = self.highest = to_int(await self._rpc.call("eth_blockNumber"))
        self._snapshots = {self.base: await self._rpc.call("evm_snapshot")}

    async def start_over(self) -> None:
        """Goes back to the base, as if nothing above it had ever been mined."""
        await self._revert(self.base)
        self.highest = self.base

    async def send(self, calls: Sequence[Call]) -> list[bytes]:
        """Has the transactions wait for the next block, in this order; their hashes."""
        return [
            to_bytes(await self._rpc.call("eth_sendTransaction", _transaction(call, position)))
            for position, call in enumerate(calls)
        ]

    async def mine(self, seconds: int) -> None:
        """Mines what waits, so many seconds after the last block."""
        newest = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        await self._rpc.call("evm_mine", {"timestamp": to_int(newest["timestamp"]) + seconds})
        self.head += 1
        self.highest = max(self.highest, self.head)
        self._snapshots[self.head] = await self._rpc.call("evm_snapshot")

    async def drop(self, depth: int) -> None:
        """Drops the newest blocks, as far as the window allows."""
        await self._revert(max(self.floor, self.head - depth))

    async def newest_hash(self) -> bytes:
        """The newest block's hash."""
        return to_bytes((await self._rpc.call("eth_getBlockByNumber", "latest", False))["hash"])

    async def _revert(self, height: int) -> None:
        assert await self._rpc.call("evm_revert", self._snapshots[height])
        self._snapshots = {kept: snapshot for kept, snapshot in self._snapshots.items() if kept < height}
        self._snapshots[height] = await self._rpc.call("evm_snapshot")
        self.head = height


async def make_rich(rpc: Rpc, senders: Sequence[bytes]) -> None:
    """Gives the senders ether for their gas."""
    await rpc.batch([("anvil_setBalance", (to_hex(sender), hex(RICH_WEI))) for sender in senders])


def _transaction(call: Call, position: int) -> dict[str, Any]:
    """The earlier ones offer more for their gas: that is the order in which the node takes them."""
    return {
        "from": to_hex(call.sender),
        "to": to_hex(call.to),
        "data": to_hex(call.data),
        "gas": hex(ACT_GAS),
        "gasPrice": hex((1000 - position) * GWEI),
    }
