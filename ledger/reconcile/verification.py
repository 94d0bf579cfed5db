"""Holds the mirror against the chain at one block, and the ledger's own rows against each other."""

import asyncio

from ledger.chain.reader import BlockUnknown, ChainReader
from ledger.db.session import Sessions
from ledger.reconcile.credit_checks import credit_findings
from ledger.reconcile.event_checks import event_findings
from ledger.reconcile.evidence import Evidence, Finding, finding, hexed, mirrored_block
from ledger.reconcile.ledger_checks import ledger_findings
from ledger.reconcile.market_checks import market_findings

ATTEMPTS = 10
PAUSE_SECONDS = 0.3


async def verify(sessions: Sessions, reader: ChainReader, chain_id: int) -> list[Finding]:
    """Every numbered invariant that can be checked from outside, each with what was compared and where it drifted.

    The database is read in one snapshot, the chain at the hash of the block that this snapshot shows. While a reorg
    is being followed that block may be gone; then a newer snapshot is taken.

    Raises:
        BlockchainUnavailable: nothing is mirrored, or the node does not answer.
    """
    for _ in range(ATTEMPTS):
        try:
            return await _verify_once(sessions, reader, chain_id)
        except BlockUnknown:
            await asyncio.sleep(PAUSE_SECONDS)
    return await _stands_apart(sessions, reader, chain_id)


async def _verify_once(sessions: Sessions, reader: ChainReader, chain_id: int) -> list[Finding]:
    async with sessions() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        number, block_hash = await mirrored_block(session, chain_id)
        evidence = Evidence(session, reader, chain_id, number, block_hash)
        findings = [
            *await credit_findings(evidence),
            *await market_findings(evidence),
            *await event_findings(evidence),
            *await ledger_findings(evidence),
        ]
        # Events are asked for by height: they were this chain's only if it still has the block.
        if await reader.hash_at(number) != block_hash:
            raise BlockUnknown(f"Block {number} was replaced meanwhile.")
    return sorted(findings, key=lambda found: found.number)


async def _stands_apart(sessions: Sessions, reader: ChainReader, chain_id: int) -> list[Finding]:
    """The mirror stands on a block that the chain does not have, and nobody is moving it."""
    async with sessions() as session:
        number, block_hash = await mirrored_block(session, chain_id)
    chained = await reader.hash_at(number)
    drift = (
        f"block {number}: the mirror says {hexed(block_hash)}, the chain {hexed(chained) if chained else None}; "
        "either the indexer does not run, or the node has dropped the state of that block"
    )
    return [finding(6, "the mirror stands on a block of the chain", 1, [drift])]
