"""However a chain grew, forked and was cut into chunks: the mirror is the one that a fresh index would make."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from indexer import store
from indexer.rewind import undo
from ledger.chain import mirror as chain_mirror
from ledger.chain.chunk import Chunk
from ledger.chain.models import Chain, ChainEvent, Deployment, Intent, Submission
from ledger.chain.typed_data import approval_ref
from ledger.credits import mirror as credits_mirror
from ledger.credits.mirror_models import CreditBatch, CreditHolding, MintedCredit, RetiredCredits, UsedAuthorization
from ledger.db.session import create_engine, create_sessions
from ledger.events.models import OutboxEvent
from ledger.market import mirror as market_mirror
from ledger.market.mirror_models import CoinHolding, MarketFill, MarketOrder
from tests.support.synthetic import ACTIONS, CHAIN_ID, CONTRACTS, HOLDERS, Action, SyntheticChain, refs_that_may_come

MIRRORS = (chain_mirror, credits_mirror, market_mirror)
MIRROR_ROWS = (
    CreditHolding,
    CreditBatch,
    MintedCredit,
    RetiredCredits,
    UsedAuthorization,
    MarketOrder,
    MarketFill,
    CoinHolding,
)
CONFIRMATIONS = 3

Rows = dict[str, list[dict[str, Any]]]

actions = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), st.integers(0, 3), st.integers(1, 40))


async def mirrored(session: AsyncSession) -> Rows:
    """Every row of every mirror, and what became of the intents."""
    seen: Rows = {}
    for rows in (*MIRROR_ROWS, Intent):
        columns = [column for column in rows.__table__.columns if column.name != "recorded_at"]
        found = (await session.execute(select(*columns))).mappings()
        seen[rows.__name__] = sorted((dict(row) for row in found), key=repr)
    seen["facts"] = await standing_facts(session)
    return seen


async def standing_facts(session: AsyncSession) -> list[dict[str, Any]]:
    """What was told and not withdrawn since."""
    withdrawn = select(OutboxEvent.withdraws).where(OutboxEvent.withdraws.is_not(None))
    told = (OutboxEvent.name, OutboxEvent.aggregate, OutboxEvent.data, OutboxEvent.block_number, OutboxEvent.log_index)
    found = await session.execute(
        select(*told).where(OutboxEvent.withdraws.is_(None), OutboxEvent.event_id.not_in(withdrawn))
    )
    return sorted((dict(row) for row in found.mappings()), key=repr)


async def take_in(session: AsyncSession, chunk: Chunk) -> None:
    for mirror in MIRRORS:
        await mirror.apply(session, chunk)


class GrowsAndForks(RuleBasedStateMachine):
    """Blocks come and go; after each step the mirror is compared with one that is made from nothing."""

    database_url: str

    @initialize()
    def an_empty_chain(self) -> None:
        self.loop = asyncio.Runner()
        self.chain = SyntheticChain()
        self.chain.grow([(gift, who, 0, 90) for gift in ("issue", "faucet") for who in range(4)])
        self.chain.grow([(act, who, 1, 31) for act in ("place", "relay_failed") for who in range(4)])
        self.next_block = 0
        self.engine = create_engine(self.database_url)
        self.sessions = create_sessions(self.engine)
        self.await_(self._prepare())
        self.await_(self._follow(2))

    def teardown(self) -> None:
        self.await_(self.engine.dispose())
        self.loop.close()

    def await_(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run(work)

    @rule(blocks=st.lists(st.lists(actions, min_size=3, max_size=12), min_size=1, max_size=4), length=st.integers(1, 4))
    def the_chain_grows(self, blocks: list[list[Action]], length: int) -> None:
        for block in blocks:
            self.chain.grow(block)
        self.await_(self._follow(length))

    @rule(depth=st.integers(1, 6))
    def the_newest_blocks_are_dropped(self, depth: int) -> None:
        ancestor = max(0, self.chain.head - depth)
        self.chain.rewind(ancestor)
        self.await_(self._rewind(ancestor))

    @invariant()
    def the_mirror_is_a_fresh_one(self) -> None:
        if hasattr(self, "chain"):
            self.await_(self._compare())

    @property
    def confirmed_block(self) -> int:
        """The newest block that lies deep enough."""
        return self.chain.head + 1 - CONFIRMATIONS

    def chunk(self, first: int, last: int) -> Chunk:
        """The blocks as the indexer hands them to the mirrors."""
        return replace(self.chain.chunk(first, last), confirmed_block=self.confirmed_block)

    def statuses(self) -> Counter[str]:
        """How the intents stand that allow the first holder to take everybody's credits."""
        allowances = [approval_ref(CONTRACTS.credit, owner, HOLDERS[0]) for owner in HOLDERS]

        async def read() -> Counter[str]:
            async with self.sessions() as session:
                return Counter(await session.scalars(select(Intent.status).where(Intent.ref.in_(allowances))))

        return self.loop.run(read())

    async def _prepare(self) -> None:
        async with self.sessions.begin() as session:
            for rows in (*MIRROR_ROWS, Intent, Submission, ChainEvent, OutboxEvent, Deployment, Chain):
                await session.execute(delete(rows))
            chain = Chain(
                chain_id=CHAIN_ID,
                network="polygon",
                genesis_hash=bytes(32),
                next_block=0,
                finality=f"depth:{CONFIRMATIONS}",
            )
            session.add(chain)
            await session.flush()
            session.add_all(
                Deployment(chain_id=CHAIN_ID, name=name, address=address, is_main=True, block_number=0)
                for name, address in CONTRACTS.named().items()
            )
            session.add_all(
                Intent(chain_id=CHAIN_ID, kind="any", ref=ref, lane="relay", payload={}) for ref in refs_that_may_come()
            )

    async def _follow(self, length: int) -> None:
        for first in range(self.next_block, self.chain.head + 1, length):
            chunk = self.chunk(first, min(first + length - 1, self.chain.head))
            async with self.sessions.begin() as session:
                await self._submit(session, chunk)
                await store.append_events(session, CHAIN_ID, chunk.events)
                await take_in(session, chunk)
        self.next_block = self.chain.head + 1

    async def _submit(self, session: AsyncSession, chunk: Chunk) -> None:
        """Half of the relayed transactions are ours; the others are strangers' who use our names."""
        ours = {e.transaction_hash for e in chunk.events if e.name == "ActionRelayed" and e.block_number % 2}
        known = set((await session.execute(select(Submission.transaction_hash))).scalars())
        for number, transaction_hash in enumerate(sorted(ours - known), start=len(known)):
            session.add(
                Submission(
                    chain_id=CHAIN_ID,
                    sender=CONTRACTS.relay,
                    nonce=number,
                    raw=b"",
                    transaction_hash=transaction_hash,
                    purpose="relay",
                )
            )
        await session.flush()

    async def _rewind(self, ancestor: int) -> None:
        async with self.sessions.begin() as session:
            await session.execute(update(Chain).values(confirmed_block=self.confirmed_block))
            await undo(session, MIRRORS, CHAIN_ID, ancestor)
        self.next_block = ancestor + 1

    async def _compare(self) -> None:
        async with self.sessions() as session:
            followed = await mirrored(session)
            for rows in (*MIRROR_ROWS, OutboxEvent):
                await session.execute(delete(rows))
            untouched = {"status": "queued", "block_number": None, "log_index": None, "transaction_hash": None}
            await session.execute(update(Intent).values(**untouched, failure=None))
            await take_in(session, self.chunk(0, self.next_block - 1))
            await session.flush()
            fresh = await mirrored(session)
            await session.rollback()
        for name in fresh:  # table by table, so that a failure says which
            assert followed[name] == fresh[name], name


@pytest.mark.timeout(170)
def test_a_mirror_that_followed_every_fork_is_bit_for_bit_a_fresh_one(database_url: str) -> None:
    GrowsAndForks.database_url = database_url
    run_state_machine_as_test(
        GrowsAndForks,
        settings=settings(
            max_examples=10,
            stateful_step_count=10,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_an_intent_that_was_done_after_it_had_failed_fails_again_when_only_the_deed_is_undone(
    database_url: str,
) -> None:
    GrowsAndForks.database_url = database_url
    story = GrowsAndForks()
    story.an_empty_chain()
    everybody = range(4)
    story.the_chain_grows([[("relay_failed", who, 0, 1) for who in everybody] for _ in range(4)], 1)
    failed = story.chain.head
    assert story.statuses()["failed"] == 4
    story.the_chain_grows([[("approve", who, 0, 1) for who in everybody]], 1)
    assert story.statuses()["mined"] == 4
    story.the_newest_blocks_are_dropped(story.chain.head - failed)
    assert story.statuses()["failed"] == 4
    story.the_mirror_is_a_fresh_one()
    story.teardown()


def test_a_batch_stands_as_it_stood_before_however_much_of_its_reversal_is_undone(database_url: str) -> None:
    GrowsAndForks.database_url = database_url
    story = GrowsAndForks()
    story.an_empty_chain()
    steps: list[Action] = [
        ("issue", 0, 1, 90),
        ("suspend", 0, 0, 1),
        ("unsuspend", 0, 0, 1),
        ("suspend", 0, 0, 1),
        ("reverse", 1, 0, 40),
        ("issue", 1, 2, 90),
        ("cover", 2, 0, 1),
        ("replace", 0, 0, 40),
        ("replace", 1, 0, 40),
        ("reinstate", 0, 0, 1),
    ]
    story.the_chain_grows([[step] for step in steps], 1)
    assert [block[-1].name for block in story.chain.events[-3:]] == ["Transfer", "Transfer", "BatchReinstated"]
    for _ in steps:
        story.the_newest_blocks_are_dropped(1)
        story.the_mirror_is_a_fresh_one()
    story.teardown()
