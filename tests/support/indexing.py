"""What tests of the indexer share: an indexer, and what people do on the chain without us."""

from collections.abc import Sequence
from typing import Any

from eth_utils.crypto import keccak

import ledger.chain.mirror
import ledger.credits.mirror
import ledger.market.mirror
from indexer import Endpoints, Indexer, Mirror
from indexer.rebuild import Rebuild
from ledger.chain import Network, Rpc, function_data
from ledger.chain.rpc import to_hex, to_int
from ledger.db.session import Sessions
from tests.support.chain import eventually

CHAIN_ID = 31_337
MIRRORS = (ledger.chain.mirror, ledger.credits.mirror, ledger.market.mirror)
WINDOW = 64
ANYONE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""The development node's first account: not one of ours."""


async def make_indexer(sessions: Sessions, rpc: Rpc, **options: Any) -> Indexer:
    """An indexer as the roles wire it, whose window is short."""
    settings: dict[str, Any] = {"window": WINDOW, "poll_seconds": 0.01} | options
    return Indexer(sessions, Endpoints([rpc], patience_seconds=0.2), CHAIN_ID, mirrors=MIRRORS, **settings)


async def make_rebuild(sessions: Sessions, rpc: Rpc, database_url: str) -> Rebuild:
    """A rebuild whose indexer is as `make_indexer` makes it, and takes some blocks at a time."""

    def make(written: Sessions, mirrors: Sequence[Mirror]) -> Indexer:
        return Indexer(
            written,
            Endpoints([rpc]),
            CHAIN_ID,
            mirrors=mirrors,
            window=WINDOW,
            blocks_per_chunk=32,
        )

    return Rebuild(sessions, database_url, CHAIN_ID, MIRRORS, make)


def holder(name: str) -> bytes:
    """Somebody's address."""
    return keccak(text=name)[-20:]


async def give_dollars(rpc: Rpc, network: Network, name: str, micros: int) -> int:
    """Somebody takes test dollars for this holder, in a block of their own. Returns the block's number."""
    data = function_data("TestDollar", "faucet", [holder(name), micros])
    call = {"from": ANYONE, "to": to_hex(network.contracts.dollar), "data": to_hex(data)}
    sent = await rpc.call("eth_sendTransaction", call)

    async def is_mined() -> bool:
        return await rpc.call("eth_getTransactionReceipt", sent) is not None

    await eventually(is_mined)
    receipt = await rpc.call("eth_getTransactionReceipt", sent)
    assert receipt["status"] == "0x1"
    return to_int(receipt["blockNumber"])
