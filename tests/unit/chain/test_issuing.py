from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.merkle import leaf_of, root_of
from ledger.chain.relayer.issuer_lane import BatchState


@given(st.lists(st.integers(1, 10_000), min_size=1), st.integers(0, 9_999))
def test_a_batchs_buffer_is_its_share_of_all_issued_rounded_up_after_every_credit(kgs: list[int], bps: int) -> None:
    state = BatchState(next_index=0, issued_kg=0, buffered_kg=0)
    for kg in kgs:
        state = state.after(kg, state.buffer_up(kg, bps))
        assert state.buffered_kg == ceil(Fraction(state.issued_kg * bps, 10_000))


def test_a_batch_that_buffers_more_than_its_share_asks_for_nothing() -> None:
    assert BatchState(next_index=3, issued_kg=100, buffered_kg=50).buffer_up(100, 500) == 0


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=9, unique=True))
def test_a_records_root_changes_with_every_record_it_covers(hashes: list[bytes]) -> None:
    assert root_of(hashes[:1]) == leaf_of(hashes[0])
    assert root_of(hashes) != root_of(hashes[:-1])
    assert root_of([*hashes[:-1], bytes(32)]) != root_of(hashes) or hashes[-1] == bytes(32)
