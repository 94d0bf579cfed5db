"""Invariant 6 by evidence of another kind: receipts, and the blooms of blocks that are held to be empty.

`eth_getLogs` answers from an index that a node keeps beside its blocks, and both mirror and verification rely on it.
Receipts and the bloom in a block's header are the blocks' own.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak
from sqlalchemy import select

from ledger.chain.abi import json_value
from ledger.chain.models import ChainEvent
from ledger.reconcile.evidence import Drift, Evidence, Finding, Report, differences, finding, placed
from ledger.reconcile.told import event_abi, recognised

BLOOM_BITS = 2048
HEADERS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Samples:
    """How many blocks with events, and how many without, are looked at; None for all of them."""

    count: int | None = 20
    seed: int | None = None
    """Which ones: by default the pinned block's hash decides, so that each run looks at others."""

    def of(self, blocks: Sequence[int], evidence: Evidence) -> list[int]:
        """A sample of the blocks, ascending; the same for the same seed."""
        if self.count is None or self.count >= len(blocks):
            return list(blocks)
        seed = int.from_bytes(evidence.block_hash) if self.seed is None else self.seed
        return sorted(random.Random(seed).sample(blocks, self.count))  # noqa: S311  # a sample is no secret

    def without(self, kept: Collection[int], evidence: Evidence) -> list[int]:
        """A sample of the mirrored blocks that are not among the kept: drawn, not listed, of a long chain."""
        blocks = range(evidence.first_block, evidence.block_number + 1)
        drawn = Samples(None if self.count is None else self.count + len(kept), self.seed).of(blocks, evidence)
        return self.of([block for block in drawn if block not in kept], evidence)


async def sample_findings(evidence: Evidence, samples: Samples, report: Report) -> list[Finding]:
    """The samples of both kinds."""
    told = sorted(
        await evidence.session.scalars(
            select(ChainEvent.block_number).where(ChainEvent.chain_id == evidence.chain_id).distinct()
        )
    )
    busy = [block for block in told if block <= evidence.block_number]
    return [
        await _receipts(evidence, samples.of(busy, evidence), report),
        await _blooms(evidence, samples.without(set(busy), evidence), report),
    ]


async def _receipts(evidence: Evidence, blocks: Sequence[int], report: Report) -> Finding:
    """Of sampled blocks with events: each event of the receipts is kept as it is, and no other."""
    drifts: list[Drift] = []
    for done, block in enumerate(blocks, start=1):
        drifts += await _differences(evidence, block)
        report("receipts", done, len(blocks))
    return finding(6, "sampled blocks have the events of their receipts", len(blocks), drifts)


async def _blooms(evidence: Evidence, blocks: Sequence[int], report: Report) -> Finding:
    """Of sampled blocks that are held to be empty: the bloom has none of our contracts, or else no receipt has."""
    drifts: list[Drift] = []
    for start in range(0, len(blocks), HEADERS_AT_ONCE):
        some = blocks[start : start + HEADERS_AT_ONCE]
        for block, header in zip(some, await evidence.reader.headers(some), strict=True):
            if header is None or any(may_hold(header.bloom, contract) for contract in evidence.contracts):
                drifts += await _differences(evidence, block)
        report("empty blocks", start + len(some), len(blocks))
    return finding(6, "sampled blocks without an event have none by their bloom", len(blocks), drifts)


async def _differences(evidence: Evidence, block: int) -> list[Drift]:
    """Where the kept events of a block are not those of its receipts, arguments and all."""
    rows = await evidence.session.scalars(
        select(ChainEvent).where(
            ChainEvent.chain_id == evidence.chain_id,
            ChainEvent.block_number == block,
            ChainEvent.contract.in_(evidence.contracts),
        )
    )
    mirror = {(row.block_number, row.log_index): {"event": row.name, **row.arguments} for row in rows}
    chain = {
        event.place: {
            "event": event.name,
            **json_value(evidence.reader.decoded(event_abi(event.contract, event.name), event.log)),
        }
        for event in recognised(await evidence.reader.receipt_logs(block), evidence.contracts)
    }
    return differences(ChainEvent, mirror, chain, name=placed, block=lambda place: place[0])


def may_hold(bloom: bytes, item: bytes) -> bool:
    """Whether the bloom has all three bits of an address or topic. If not, no event has it."""
    bits = int.from_bytes(bloom)
    digest = keccak(item)
    return all(bits >> (int.from_bytes(digest[at : at + 2]) % BLOOM_BITS) & 1 for at in (0, 2, 4))
