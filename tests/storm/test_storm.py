"""Whatever chain, nodes, database and machine do: once it is quiet, the mirror is the chain, exactly once."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ccm.stack.anvil import EmbeddedAnvil
from ccm.stack.postgres import EmbeddedPostgres
from ledger.kernel.faults import FaultPoint
from tests.support.rpc_faults import FAULTS, LASTING
from tests.support.stack import data_folder
from tests.support.storm.acts import ACTS, HOLDERS
from tests.support.storm.log import SEED, STEPS, STORY, StormLog
from tests.support.storm.storm import HIDDEN_BELOW_FINALITY, WINDOW, Block, Storm, a_storm

NEVER_SECONDS = 86_400
"""How long the test's anvil waits until it mines by itself."""
FORTY_DAYS = 40 * 86_400
"""Longer than a suspension, and than what must lie between two."""
POINTS: tuple[FaultPoint, ...] = (
    "after_chunk_decoded",
    "before_cursor_commit",
    "after_cursor_commit",
    "before_rewind_commit",
)
STEPS_PER_STORY = 50
MOST_STORIES_AT_ONCE = 10
SETTINGS = settings(
    stateful_step_count=STEPS_PER_STORY,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

people = st.integers(0, HOLDERS - 1)
acts = st.tuples(st.sampled_from(sorted(ACTS)), people, people, st.integers(1, 40))
blocks = st.builds(
    Block, acts=st.lists(acts, max_size=6).map(tuple), seconds=st.sampled_from((1, 1, 1, 2, 12, FORTY_DAYS))
)
chunks = st.sampled_from((1, 3, 50))


@pytest_asyncio.fixture
async def storm(postgres_server: EmbeddedPostgres) -> AsyncIterator[Storm]:
    """A storm over a chain of the test's own, which mines on command only."""
    with data_folder() as folder:
        async with (
            EmbeddedAnvil(folder, block_seconds=NEVER_SECONDS, saved=False) as anvil,
            a_storm(anvil.url, postgres_server, folder) as storm,
        ):
            yield storm


class Weather(RuleBasedStateMachine):
    """Draws the steps of one story after the other."""

    storm: Storm
    log: StormLog

    @initialize()
    def a_story_begins(self) -> None:
        self.log.begin()
        self.log.step("start_over")

    def teardown(self) -> None:
        self.log.step("end_story")

    @rule(blocks=st.lists(blocks, min_size=1, max_size=3))
    def blocks_come(self, blocks: list[Block]) -> None:
        self.log.step("mine", blocks=blocks)

    @rule(block=blocks, times=st.integers(4, 2 * WINDOW))
    def many_empty_blocks_come(self, block: Block, times: int) -> None:
        self.log.step("mine", blocks=[block, *([Block((), 1)] * times)])

    @rule(depth=st.integers(1, WINDOW), instead=st.lists(blocks, max_size=4))
    def the_chain_changes_its_mind(self, depth: int, instead: list[Block]) -> None:
        self.log.step("reorg", depth=depth, instead=instead)

    @rule(depth=st.integers(1, WINDOW), block=blocks)
    def the_chain_changes_its_mind_at_the_same_height(self, depth: int, block: Block) -> None:
        self.log.step("reorg", depth=depth, instead=[block] * depth)

    @rule(fault=st.sampled_from(sorted(FAULTS)), times=st.sampled_from((1, 3, None)))
    def the_node_fails(self, fault: str, times: int | None) -> None:
        self.log.step("node_fails", fault=fault, times=times)

    @rule(fault=st.sampled_from(sorted(FAULTS)), blocks=st.lists(blocks, min_size=1, max_size=3))
    def the_node_fails_while_blocks_come(self, fault: str, blocks: list[Block]) -> None:
        self._under(fault, blocks)

    @rule(fault=st.sampled_from(sorted(LASTING)))
    def the_node_is_one_of_another_chain(self, fault: str) -> None:
        self.log.step("node_fails", fault=fault, times=None)
        self.log.step("start", blocks_per_chunk=1, believes_to_lead=False)

    @rule(fault=st.sampled_from(sorted(HIDDEN_BELOW_FINALITY)), blocks=st.lists(blocks, min_size=1, max_size=3))
    def the_node_hides_events(self, fault: str, blocks: list[Block]) -> None:
        self.log.step("calm")
        self._under(fault, blocks)

    def _under(self, fault: str, blocks: list[Block]) -> None:
        """Blocks come while the node fails, and the indexers look at them."""
        self.log.step("node_fails", fault=fault, times=None)
        self.log.step("mine", blocks=blocks)
        self.log.step("work", moves=2)

    @rule(blocks_per_chunk=chunks, believes_to_lead=st.booleans())
    def one_more_indexer_starts(self, blocks_per_chunk: int, *, believes_to_lead: bool) -> None:
        self.log.step("start", blocks_per_chunk=blocks_per_chunk, believes_to_lead=believes_to_lead)

    @rule(blocks_per_chunk=chunks, fault=st.sampled_from(POINTS), passes=st.integers(1, 3))
    def an_indexer_takes_over_that_kills_itself(self, blocks_per_chunk: int, fault: FaultPoint, passes: int) -> None:
        self.log.step("start_doomed", blocks_per_chunk=blocks_per_chunk, fault=fault, passes=passes)

    @rule(blocks_per_chunk=chunks)
    def two_indexers_believe_to_lead(self, blocks_per_chunk: int) -> None:
        self.log.step("start_rivals", blocks_per_chunk=blocks_per_chunk)

    @rule(which=st.integers(0, 2))
    def an_indexer_is_killed(self, which: int) -> None:
        self.log.step("kill", which=which)

    @rule(that_lock=st.booleans())
    def the_database_hangs_up(self, *, that_lock: bool) -> None:
        self.log.step("database_hangs_up", that_lock=that_lock)

    @rule(moves=st.integers(1, 4))
    def time_passes(self, moves: int) -> None:
        self.log.step("work", moves=moves)

    @precondition(lambda self: self.log.last != "calm")
    @rule()
    def it_is_quiet(self) -> None:
        self.log.step("calm")


@pytest.mark.timeout(0)
async def test_the_mirror_is_the_chain_whenever_the_storm_is_over(storm: Storm) -> None:
    Weather.log = StormLog(storm, asyncio.get_running_loop())
    if STORY is not None:
        await asyncio.to_thread(Weather.log.replay, STORY)
        return
    for round_ in itertools.count():
        stories = (STEPS - Weather.log.steps) // STEPS_PER_STORY
        if stories < 1:
            return
        await asyncio.to_thread(
            run_state_machine_as_test,
            seeded(f"{SEED} {round_}")(Weather),
            settings=settings(SETTINGS, max_examples=min(stories, MOST_STORIES_AT_ONCE)),
        )
