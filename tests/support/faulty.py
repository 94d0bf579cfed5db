"""A chain that is reached through a node which fails on command, and what happens on it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from indexer import Endpoints, Indexer
from indexer.book import read_book
from indexer.fetch import Source
from ledger.chain import Network, Rpc, function_data
from ledger.chain.rpc import to_hex, to_int
from ledger.db.session import Sessions
from ledger.kernel.money import Micros
from ledger.market.mirror_models import CoinHolding
from ledger.reconcile import Finding
from tests.support.chain import eventually
from tests.support.indexing import ANYONE, CHAIN_ID, give_dollars, holder, make_indexer
from tests.support.rpc_double import RpcDouble
from tests.support.verifying import drifts

PATIENCE_SECONDS = 0.2


@dataclass(frozen=True)
class Faulty:
    """`rpc` speaks with the real node, `through` with the one that fails, and waits 1.5 seconds for it."""

    sessions: Sessions
    network: Network
    rpc: Rpc
    node: RpcDouble
    through: Rpc

    async def indexer(self, **options: Any) -> Indexer:
        """An indexer that knows only the node that fails."""
        return await make_indexer(self.sessions, self.through, **options)

    async def source(self, *rpcs: Rpc) -> Source:
        """The same for a source; others may stand behind or before that node."""
        async with self.sessions() as session:
            book = await read_book(session, CHAIN_ID)
        endpoints = Endpoints(rpcs or [self.through], patience_seconds=PATIENCE_SECONDS)
        return Source(endpoints, CHAIN_ID, book.contracts, book.followed)

    async def give(self, micros: int = 1) -> int:
        """Ada takes test dollars, in a block of their own. Returns its number."""
        return await give_dollars(self.rpc, self.network, "Ada", micros)

    async def crowd(self, count: int) -> int:
        """So many people take a millionth of a test dollar each, in as few blocks as the node makes of it.

        Returns the number of the last block.
        """
        nonce = to_int(await self.rpc.call("eth_getTransactionCount", ANYONE, "latest"))
        dollar = to_hex(self.network.contracts.dollar)
        sent = await self.rpc.batch(
            [
                (
                    "eth_sendTransaction",
                    ({"from": ANYONE, "to": dollar, "data": self._gift(number), "nonce": hex(nonce + number)},),
                )
                for number in range(count)
            ]
        )
        receipts: list[Any] = []

        async def are_mined() -> bool:
            receipts[:] = await self.rpc.batch([("eth_getTransactionReceipt", (each,)) for each in sent])
            return all(receipts)

        await eventually(are_mined)
        return max(to_int(receipt["blockNumber"]) for receipt in receipts)

    @staticmethod
    def _gift(number: int) -> str:
        return to_hex(function_data("TestDollar", "faucet", [holder(f"person {number}"), 1]))

    async def dollars(self) -> Micros | None:
        """What the mirror says that Ada has."""
        async with self.sessions() as session:
            return await session.scalar(select(CoinHolding.balance_micros).where(CoinHolding.holder == holder("Ada")))

    async def drifts(self) -> list[Finding]:
        """Where mirror and chain differ."""
        return await drifts(self.sessions, self.rpc, self.network)
