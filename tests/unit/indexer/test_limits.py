"""How an endpoint's limits are learned: by the logs in each answer, and by what it refused."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.endpoints.limits import LOGS_PER_ANSWER, WIDEST, Limits, Rate
from indexer.endpoints.refusals import Kind, Refusal


@dataclass
class Node:
    """A node with limits, over a chain with so many logs a block."""

    logs_a_block: float
    blocks: int = WIDEST
    results: int = 10**9
    says_so: bool = True
    refusals: list[int] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, limits: Limits) -> None:
        width = limits.width
        logs = int(width * self.logs_a_block)
        if width > self.blocks:
            self.refusals.append(width)
            limits.refused(Refusal(Kind.BLOCKS, self.blocks if self.says_so else None), width)
        elif logs > self.results:
            self.refusals.append(width)
            limits.refused(Refusal(Kind.RESULTS, self.results if self.says_so else None), width)
        else:
            self.answers.append((width, logs))
            limits.answered(width, logs)


def rounds(node: Node, limits: Limits, count: int) -> None:
    for _ in range(count):
        node.ask(limits)


def test_the_range_grows_until_answers_have_the_size_that_was_aimed_at() -> None:
    for logs_a_block in (0.01, 1, 200):
        node, limits = Node(logs_a_block), Limits()
        rounds(node, limits, 60)
        late = [logs for _, logs in node.answers[30:]]
        assert max(late) <= 1.1 * LOGS_PER_ANSWER
        assert min(late) >= LOGS_PER_ANSWER / 4 or limits.width == WIDEST


def test_an_empty_chain_is_crossed_in_the_widest_steps() -> None:
    limits = Limits()
    rounds(Node(0), limits, 20)
    assert limits.width == WIDEST


def test_a_burst_of_logs_halves_the_range_at_once() -> None:
    limits = Limits(width=1000)
    limits.answered(1000, LOGS_PER_ANSWER + 1)
    assert limits.width == 500


@pytest.mark.parametrize(("says_so", "learned"), [(True, 1000), (False, 512)])
def test_a_limit_of_blocks_is_met_once_and_never_again(*, says_so: bool, learned: int) -> None:
    node, limits = Node(0.01, blocks=1000, says_so=says_so), Limits()
    rounds(node, limits, 200)
    assert node.refusals == [1024]
    assert limits.width == learned


def test_a_limit_of_results_that_was_named_is_met_once_and_never_again() -> None:
    node, limits = Node(3, results=900), Limits(width=2000)
    rounds(node, limits, 300)
    assert node.refusals[0] == 2000
    assert all(width > 300 for width in node.refusals)
    before = len(node.refusals)
    rounds(node, limits, 300)
    assert len(node.refusals) == before
    assert 150 <= limits.width * 3 <= 900


def test_where_the_reason_is_unknown_the_way_up_is_slow() -> None:
    node, limits = Node(3, results=900, says_so=False), Limits(width=2000)
    rounds(node, limits, 300)
    assert len(node.refusals) < 300 / 8
    assert sum(logs for _, logs in node.answers[-50:]) > 50 * 400


def test_a_number_that_does_not_explain_the_refusal_is_not_believed() -> None:
    limits = Limits(width=200)
    assert limits.refused(Refusal(Kind.BLOCKS, 10_000), 200)
    assert (limits.width, limits.blocks) == (100, 100)


def test_a_range_that_is_recommended_is_asked_for() -> None:
    limits = Limits(width=2000)
    limits.refused(Refusal(Kind.RESULTS, 10_000, width=730), 2000)
    assert limits.width == 730
    limits.refused(Refusal(Kind.RESULTS, 10_000, width=730), 730)
    assert limits.width == 365


def test_one_block_cannot_be_narrowed_by_asking_for_fewer() -> None:
    assert not Limits(width=1).refused(Refusal(Kind.RESULTS, 100), 1)


def test_answers_at_the_head_do_not_widen_what_was_never_tried() -> None:
    limits = Limits(width=64)
    for _ in range(100):
        limits.answered(1, 0)
    assert limits.width == 64


@given(st.lists(st.tuples(st.sampled_from(["answer", "blocks", "results", "struggle"]), st.integers(0, 20_000))))
def test_whatever_happens_something_is_asked_for_and_nothing_that_was_refused(steps: list[tuple[str, int]]) -> None:
    limits, refused = Limits(), WIDEST + 1
    for what, number in steps:
        width = limits.width
        assert 1 <= width < max(2, refused)
        match what:
            case "answer":
                limits.answered(width, number)
            case "struggle":
                limits.struggled(width)
            case "blocks":
                limits.refused(Refusal(Kind.BLOCKS, number or None), width)
            case _:
                limits.refused(Refusal(Kind.RESULTS, number or None), width)
        if what == "blocks":
            refused = min(refused, width)


def test_a_batch_is_cut_to_what_is_allowed() -> None:
    limits = Limits()
    assert limits.refused_batch(Refusal(Kind.BATCH, 3), 40)
    assert limits.batch == 3
    assert limits.refused_batch(Refusal(Kind.BATCH), 3)
    assert limits.batch == 1
    assert not limits.refused_batch(Refusal(Kind.BATCH), 1)


def test_a_rate_is_learned_from_what_was_too_much_and_recovers_slowly() -> None:
    rate = Rate()
    for tenth in range(20):
        rate.asked(tenth / 10)
    rate.throttled(2.0, retry_after=7)
    assert rate.wait_seconds(2.0) == 7
    assert rate.per_second == 5
    rate.asked(9.0)
    assert rate.wait_seconds(9.0) == pytest.approx(0.2)
    for _ in range(100):
        rate.served()
    assert rate.per_second == pytest.approx(6)


def test_without_a_word_the_pauses_double() -> None:
    rate, pauses = Rate(), []
    for now in (0.0, 100.0, 200.0):
        rate.throttled(now, None)
        pauses.append(rate.closed_until - now)
    assert pauses == [0.25, 0.5, 1.0]
