"""What `ccm verify` would complain about."""

from ledger.chain import Network, Rpc
from ledger.chain.reader import ChainReader
from ledger.db.session import Sessions
from ledger.reconcile import Finding, verify


async def drifts(sessions: Sessions, rpc: Rpc, network: Network) -> list[Finding]:
    """The invariants that do not hold."""
    async with ChainReader(rpc.url, network.contracts) as reader:
        return [found for found in await verify(sessions, reader, network.chain_id) if not found.holds]
