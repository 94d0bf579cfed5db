"""A batch under a doubt, from its suspension to the day when all it owed was made good: mirrored and verified."""

from dataclasses import dataclass

import pytest_asyncio
from sqlalchemy import select

from indexer import Indexer
from ledger.chain import BatchTerms, Network, Relayer, Retirement, Rpc, grant_verifier
from ledger.credits.mirror_models import CreditBatch
from ledger.db.session import Sessions
from ledger.reconcile import Finding
from tests.support.chain import VERIFIER, act, batch_terms, queue_credits, reversal, until_done
from tests.support.indexing import give_dollars, make_indexer
from tests.support.verifying import Tampering, check_each_is_found, drifts

TAMPERINGS: list[Tampering] = [
    ("credit_batches", "UPDATE credit_batches SET suspended = NOT suspended", {2, 6}),
    ("credit_batches", "UPDATE credit_batches SET suspended_until = suspended_until + interval '1 second'", {6}),
    ("credit_batches", "UPDATE credit_batches SET reversed = false", {2, 6}),
    ("credit_batches", "UPDATE credit_batches SET cancelled_kg = cancelled_kg + 1 WHERE reversed", {1, 4}),
    ("credit_batches", "UPDATE credit_batches SET spent_buffer_kg = spent_buffer_kg - 1 WHERE reversed", {1}),
    ("credit_batches", "UPDATE credit_batches SET deficit_circulating_kg = 0", {6}),
    ("credit_batches", "UPDATE credit_batches SET deficit_retired_kg = deficit_retired_kg + 1", {6}),
    ("retired_credits", "UPDATE retired_credits SET holder = decode(repeat('01', 20), 'hex')", {3, 6}),
    ("retired_credits", "UPDATE retired_credits SET ref = sha256(ref)", {3, 6}),
    ("used_authorizations", "UPDATE used_authorizations SET nonce = sha256(nonce)", {3, 6}),
    ("chain_events", "DELETE FROM chain_events WHERE name = 'BatchReversed'", {6}),
]


@dataclass
class Doubted:
    """Trees that may have burned, meters that nobody doubts, and one holder of all credits: the deployer."""

    sessions: Sessions
    rpc: Rpc
    network: Network
    indexer: Indexer
    trees: BatchTerms
    meters: BatchTerms

    async def act(self, name: str, *arguments: object, guardian: bool = False) -> None:
        """A call of the token by its admin, or by its guardian; then the mirror catches up."""
        await act(self.sessions, self.rpc, self.network, "guardian" if guardian else "deployer", name, *arguments)
        await self.indexer.catch_up()

    async def retire(self, kg: int) -> None:
        """Retires the holder's credits out of the doubted batch."""
        await self.act("retire", Retirement(kg, (self.trees.batch_id,), 0, bytes(32), 1, 2025, bytes(32)), 1)

    async def reverse(self, kg: int) -> None:
        """The admin reverses, the verifier having signed, and lets the meters' buffer cover."""
        members, signature = reversal(self.network, self.trees.batch_id, kg)
        await self.act("reverse", members, [self.meters.batch_id], signature)

    async def batch(self, terms: BatchTerms) -> CreditBatch:
        """The batch as it is mirrored."""
        async with self.sessions() as session:
            return (await session.scalars(select(CreditBatch).where(CreditBatch.batch_id == terms.batch_id))).one()

    async def kilograms(self, terms: BatchTerms) -> tuple[int, ...]:
        """Issued, buffered, retired, cancelled, spent buffer, and the deficit: circulating and retired."""
        batch = await self.batch(terms)
        return (
            *(int(kg) for kg in (batch.issued_kg, batch.buffered_kg, batch.retired_kg, batch.cancelled_kg)),
            *(int(kg) for kg in (batch.spent_buffer_kg, batch.deficit_circulating_kg, batch.deficit_retired_kg)),
        )

    async def drifts(self) -> list[Finding]:
        """What `ccm verify` complains about."""
        return await drifts(self.sessions, self.rpc, self.network)


@pytest_asyncio.fixture
async def doubted(sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> Doubted:
    """1,000 kg of trees, of which 100 are retired, and 400 kg of meters; a twentieth of each is buffered."""
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    trees, meters = batch_terms(network, source=b"tree_planting"), batch_terms(network)
    holder = network.custody.operator("deployer").address
    async with sessions.begin() as session:
        await queue_credits(session, network, holder, {1: 1000}, terms=trees)
        await queue_credits(session, network, holder, {2: 400}, terms=meters)
    await until_done(Relayer(sessions, rpc, network, database_url), sessions)
    story = Doubted(sessions, rpc, network, await make_indexer(sessions, rpc), trees, meters)
    await story.retire(100)
    return story


async def test_a_reversal_is_mirrored_and_holds_until_everything_is_made_good(doubted: Doubted) -> None:
    await doubted.act("suspend", doubted.trees.batch_id, guardian=True)
    suspended = await doubted.batch(doubted.trees)
    assert (suspended.suspended, suspended.reversed) == (True, False)
    assert await doubted.drifts() == []

    await doubted.reverse(1000)
    reversed_ = await doubted.batch(doubted.trees)
    assert (reversed_.suspended, reversed_.reversed) == (False, True)
    assert reversed_.suspended_until == suspended.suspended_until
    # 50 of its own buffer, 20 of the meters'; 830 of 850 circulating and all 100 retired are owed.
    assert await doubted.kilograms(doubted.trees) == (1000, 0, 100, 70, 50, 830, 100)
    assert await doubted.kilograms(doubted.meters) == (400, 0, 0, 0, 20, 0, 0)
    assert await doubted.drifts() == []

    await doubted.act("replace", doubted.trees.batch_id, 900, 8)
    assert await doubted.kilograms(doubted.trees) == (1000, 0, 100, 900, 50, 0, 30)
    assert await doubted.kilograms(doubted.meters) == (400, 0, 0, 70, 20, 0, 0)
    assert await doubted.drifts() == []

    await doubted.act("replace", doubted.trees.batch_id, 30, 8)
    await doubted.act("reinstate", doubted.trees.batch_id)
    reinstated = await doubted.batch(doubted.trees)
    assert (reinstated.suspended, reinstated.reversed) == (False, False)
    assert await doubted.kilograms(doubted.trees) == (1000, 0, 100, 900, 50, 0, 0)
    assert await doubted.drifts() == []


async def test_a_later_cover_is_mirrored_for_both_batches(doubted: Doubted) -> None:
    members, signature = reversal(doubted.network, doubted.trees.batch_id, 60)
    await doubted.act("reverse", members, [], signature)
    assert await doubted.kilograms(doubted.trees) == (1000, 0, 100, 50, 50, 10, 0)
    await doubted.act("cover", doubted.trees.batch_id, [doubted.meters.batch_id])
    assert await doubted.kilograms(doubted.trees) == (1000, 0, 100, 60, 50, 0, 0)
    assert await doubted.kilograms(doubted.meters) == (400, 10, 0, 0, 10, 0, 0)
    assert await doubted.drifts() == []


async def test_a_reorg_gives_back_the_suspension_that_a_reversal_had_ended(doubted: Doubted) -> None:
    await doubted.act("suspend", doubted.trees.batch_id, guardian=True)
    snapshot = await doubted.rpc.call("evm_snapshot")
    before = await doubted.kilograms(doubted.trees), (await doubted.batch(doubted.trees)).suspended_until
    await doubted.reverse(1000)
    await doubted.act("replace", doubted.trees.batch_id, 930, 8)
    await doubted.act("reinstate", doubted.trees.batch_id)
    assert await doubted.drifts() == []

    assert await doubted.rpc.call("evm_revert", snapshot)
    await give_dollars(doubted.rpc, doubted.network, "Ada", 1)
    await doubted.indexer.catch_up()
    restored = await doubted.batch(doubted.trees)
    assert (restored.suspended, restored.reversed) == (True, False)
    assert (await doubted.kilograms(doubted.trees), restored.suspended_until) == before
    assert await doubted.drifts() == []


async def test_a_lifted_suspension_stays_remembered(doubted: Doubted) -> None:
    await doubted.act("suspend", doubted.trees.batch_id, guardian=True)
    await doubted.act("unsuspend", doubted.trees.batch_id)
    batch = await doubted.batch(doubted.trees)
    assert batch.suspended_until is not None
    assert not batch.suspended
    assert await doubted.drifts() == []


async def test_every_tampering_with_a_doubted_batch_is_found(doubted: Doubted) -> None:
    await doubted.act("suspend", doubted.meters.batch_id, guardian=True)
    await doubted.reverse(1000)
    await check_each_is_found(doubted.sessions, doubted.rpc, doubted.network, TAMPERINGS)
