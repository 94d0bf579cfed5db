import rlp  # type: ignore[import-untyped]  # it carries no types
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.custody import LocalSigner
from ledger.chain.transactions import GWEI, Call, Fees, created_address, sign_call, sign_replacement

keys = st.integers(1, 2**255).map(lambda secret: secret.to_bytes(32))
calls = st.builds(Call, st.binary(min_size=20, max_size=20), st.binary(max_size=200), st.integers(21_000, 16_000_000))


@given(keys, st.integers(1, 2**32), st.integers(0, 2**32), calls)
def test_a_transaction_is_byte_for_byte_what_another_signer_makes_of_it(
    key: bytes, chain_id: int, nonce: int, call: Call
) -> None:
    ours = sign_call(LocalSigner(key), chain_id, nonce, call, Fees(30 * GWEI, 2 * GWEI))
    theirs = Account.from_key(key).sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "maxFeePerGas": 30 * GWEI,
            "maxPriorityFeePerGas": 2 * GWEI,
            "gas": call.gas_limit,
            "to": call.to,
            "value": 0,
            "data": call.data,
        }
    )
    assert ours.raw == theirs.raw_transaction
    assert ours.hash == theirs.hash


@given(keys, calls, st.integers(0, 100 * GWEI), st.integers(0, 100 * GWEI))
def test_a_replacement_does_the_same_for_fees_that_a_node_accepts(
    key: bytes, call: Call, ceiling: int, now: int
) -> None:
    signer = LocalSigner(key)
    first = sign_call(signer, 31_337, 7, call, Fees(ceiling, ceiling // 2))
    second = sign_replacement(signer, first.raw, Fees(now, now // 2))

    before, after = rlp.decode(first.raw[1:]), rlp.decode(second.raw[1:])
    for position, (old, new) in enumerate(zip(before[:9], after[:9], strict=True)):
        if position in {2, 3}:
            assert int.from_bytes(new) * 10 >= int.from_bytes(old) * 11, "nodes ask for a tenth more"
        else:
            assert new == old
    assert int.from_bytes(after[3]) >= now
    assert Account.recover_transaction(second.raw) == Account.from_key(key).address


def test_a_contract_stands_where_its_creators_address_and_nonce_say() -> None:
    creator = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert created_address(creator, 0).hex() == "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert created_address(creator, 1).hex() == "343c43a37d37dff08ae8c4a11544c718abb4fcf8"
