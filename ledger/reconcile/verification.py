"""Holds the mirror against the chain at one block, and the ledger's own rows against each other."""

import asyncio
from dataclasses import dataclass

from ledger.chain.models import ChainBlock
from ledger.chain.reader import BlockUnknown, ChainReader
from ledger.db.session import Sessions
from ledger.reconcile.credit_checks import credit_findings
from ledger.reconcile.event_checks import event_findings
from ledger.reconcile.evidence import (
    Drift,
    Evidence,
    Finding,
    Report,
    finding,
    first_block,
    hexed,
    mirrored_block,
    mirrored_contracts,
)
from ledger.reconcile.ledger_checks import ledger_findings
from ledger.reconcile.market_checks import market_findings
from ledger.reconcile.sample_checks import Samples, sample_findings

ATTEMPTS = 10
PAUSE_SECONDS = 0.3
OWN_INVARIANTS = frozenset({8, 9})
"""Those of rows that no event of the chain explains: a rebuild of the mirror does not repair them."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found at one block of one chain."""

    chain_id: int
    block_number: int
    block_hash: bytes
    first_block: int
    samples: Samples
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing drifted."""
        return all(found.holds for found in self.findings)

    @property
    def rebuild_from(self) -> int | None:
        """The lowest block that can explain what drifted; None where there is nothing that a rebuild would repair."""
        drifts = [drift for found in self.findings if found.number not in OWN_INVARIANTS for drift in found.drifts]
        if not drifts:
            return None
        return min((drift.block for drift in drifts if drift.block is not None), default=self.first_block)


def _silent(_step: str, _done: int, _total: int) -> None:
    """Reports nothing."""


async def verify(
    sessions: Sessions,
    reader: ChainReader,
    chain_id: int,
    samples: Samples = Samples(),  # noqa: B008  # frozen
    report: Report = _silent,
) -> Verification:
    """Every numbered invariant that can be checked from outside, each with what was compared and where it drifted.

    The database is read in one snapshot, the chain at the hash of the block that this snapshot shows. While a reorg
    is being followed that block may be gone; then a newer snapshot is taken.

    Raises:
        BlockchainUnavailable: nothing is mirrored, or the node does not answer.
    """
    for _ in range(ATTEMPTS):
        try:
            return await _verify_once(sessions, reader, chain_id, samples, report)
        except BlockUnknown:
            await asyncio.sleep(PAUSE_SECONDS)
    return await _stands_apart(sessions, reader, chain_id, samples)


async def _verify_once(
    sessions: Sessions, reader: ChainReader, chain_id: int, samples: Samples, report: Report
) -> Verification:
    async with sessions() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        number, block_hash = await mirrored_block(session, chain_id)
        first = min(await first_block(session, chain_id), number)
        contracts = await mirrored_contracts(session, chain_id)
        evidence = Evidence(session, reader, chain_id, first, number, block_hash, contracts)
        findings = [
            *await event_findings(evidence, report),
            *await credit_findings(evidence),
            *await market_findings(evidence),
            *await sample_findings(evidence, samples, report),
            *await ledger_findings(evidence),
        ]
        # Events are asked for by height: they were this chain's only if it still has the block.
        if await reader.hash_at(number) != block_hash:
            raise BlockUnknown(f"Block {number} was replaced meanwhile.")
    ordered = tuple(sorted(findings, key=lambda found: found.number))
    return Verification(chain_id, number, block_hash, first, samples, ordered)


async def _stands_apart(sessions: Sessions, reader: ChainReader, chain_id: int, samples: Samples) -> Verification:
    """The mirror stands on a block that the chain does not have, and nobody is moving it."""
    async with sessions() as session:
        number, block_hash = await mirrored_block(session, chain_id)
        first = await first_block(session, chain_id)
    chained = await reader.hash_at(number)
    says = (
        f"the mirror says {hexed(block_hash)}, the chain {hexed(chained) if chained else None}; either the indexer "
        "does not run, or the node has dropped the state of that block"
    )
    drift = Drift(ChainBlock.__tablename__, str(number), says, number)
    apart = finding(6, "the mirror stands on a block of the chain", 1, [drift])
    return Verification(chain_id, number, block_hash, first, samples, (apart,))
