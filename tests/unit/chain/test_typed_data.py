from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain import (
    BatchTerms,
    Domain,
    Issuance,
    Order,
    Permit,
    Retirement,
    Transfer,
    authorization_ref,
    credit_ref,
    issuance_digest,
    order_digest,
    order_ref,
    permit_digest,
    retire_digest,
    transfer_digest,
)
from ledger.chain.abi import ContractName, encoding_of, function
from ledger.chain.custody import LocalSigner


def uint(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


addresses = st.binary(min_size=20, max_size=20)
words = st.binary(min_size=32, max_size=32)
domains = st.builds(Domain, st.sampled_from(["WIA Carbon Credit Micro", "Test Dollar"]), uint(64), addresses)
orders = st.builds(
    Order, addresses, uint(8), uint(128), uint(128), uint(128), addresses, uint(64), uint(256), words, uint(16)
)
retirements = st.builds(
    Retirement, uint(256), st.lists(words, max_size=4).map(tuple), uint(64), words, uint(16), uint(32), words
)
issuances = st.integers(0, 4).flatmap(
    lambda length: st.builds(
        Issuance,
        words,
        uint(256),
        words,
        st.tuples(*[addresses] * length),
        st.tuples(*[uint(256)] * length),
        st.tuples(*[uint(256)] * length),
        uint(256),
        uint(256),
    )
)


def digest_of(message: SignableMessage) -> bytes:
    return keccak(b"\x19" + message.version + message.header + message.body)


def peer(domain: Domain, struct: str, members: str, values: dict[str, Any]) -> bytes:
    """The digest as eth_account works it out from the type's members, written `type name, type name`."""
    types = [dict(zip(("type", "name"), member.split(), strict=True)) for member in members.split(",")]
    return digest_of(
        encode_typed_data(
            domain_data={
                "name": domain.name,
                "version": "1",
                "chainId": domain.chain_id,
                "verifyingContract": "0x" + domain.contract.hex(),
            },
            message_types={struct: types},
            message_data=values,
        )
    )


def told(value: Any) -> Any:
    """A member as eth_account takes it: addresses as text, arrays as lists."""
    if isinstance(value, tuple):
        return [told(member) for member in value]
    return "0x" + value.hex() if isinstance(value, bytes) and len(value) == 20 else value


def named(contract: ContractName, taken_by: str, parameter: str, struct: tuple[Any, ...]) -> dict[str, Any]:
    """A struct's members by the names that the compiler gives them in a function that takes the struct."""
    inputs = function(contract, taken_by).inputs
    components = next(part["components"] for part in inputs if part["name"] == parameter)
    return {part["name"]: told(member) for part, member in zip(components, struct, strict=True)}


@given(domains, orders)
def test_an_orders_digest_is_what_any_wallet_computes(domain: Domain, order: Order) -> None:
    members = (
        "address maker,uint8 side,uint128 kg,uint128 pricePerKg,uint128 minFillKg,address filler,"
        "uint64 expiry,uint256 counter,bytes32 salt,uint16 maxFeeBps"
    )
    values = named("CarbonMarket", "place", "order", order)
    assert order_digest(domain, order) == peer(domain, "Order", members, values)


@given(domains, addresses, retirements, uint(256), uint(256))
def test_a_retirements_digest_is_what_any_wallet_computes(
    domain: Domain, holder: bytes, retirement: Retirement, valid_after: int, valid_before: int
) -> None:
    members = (
        "address holder,uint256 kg,bytes32[] batchIds,uint64 earliestVintage,bytes32 commitment,uint16 reason,"
        "uint32 period,uint256 validAfter,uint256 validBefore,bytes32 nonce"
    )
    values = named("CarbonCredit", "retire", "retirement", retirement) | {
        "holder": "0x" + holder.hex(),
        "validAfter": valid_after,
        "validBefore": valid_before,
    }
    ours = retire_digest(domain, holder, retirement, valid_after, valid_before)
    assert ours == peer(domain, "RetireWithAuthorization", members, values)


@given(domains, issuances)
def test_an_issuances_digest_is_what_any_wallet_computes(domain: Domain, issuance: Issuance) -> None:
    members = (
        "bytes32 batchId,uint256 index,bytes32 recordsRoot,address[] recipients,uint256[] kg,"
        "uint256[] creditIds,uint256 bufferKg,uint256 deadline"
    )
    values = named("CarbonCredit", "issue", "issuance", issuance)
    assert issuance_digest(domain, issuance) == peer(domain, "Issuance", members, values)


@given(domains, st.builds(Transfer, addresses, addresses, uint(256), uint(256), uint(256), words))
def test_a_transfers_digest_is_what_any_wallet_computes(domain: Domain, transfer: Transfer) -> None:
    members = "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
    names = ("from", "to", "value", "validAfter", "validBefore", "nonce")
    values = dict(zip(names, map(told, transfer), strict=True))
    assert transfer_digest(domain, transfer) == peer(domain, "TransferWithAuthorization", members, values)


@given(domains, st.builds(Permit, addresses, addresses, uint(256), uint(256), uint(256)))
def test_a_permits_digest_is_what_any_wallet_computes(domain: Domain, permit: Permit) -> None:
    members = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
    values = dict(zip(("owner", "spender", "value", "nonce", "deadline"), map(told, permit), strict=True))
    assert permit_digest(domain, permit) == peer(domain, "Permit", members, values)


@given(st.integers(1, 2**255), domains, orders)
def test_a_custody_signature_is_recovered_as_its_holders(secret: int, domain: Domain, order: Order) -> None:
    key = secret.to_bytes(32)
    digest = order_digest(domain, order)
    signature = LocalSigner(key).sign(digest)

    assert len(signature) == 65
    assert signature[64] in {27, 28}
    assert LocalSigner(key).address == bytes.fromhex(Account.from_key(key).address[2:])
    assert Account._recover_hash(digest, signature=signature) == Account.from_key(key).address  # noqa: SLF001


@given(addresses, words)
def test_a_ref_names_who_and_which_nonce(author: bytes, nonce: bytes) -> None:
    assert order_ref(author, nonce) == authorization_ref(author, nonce)
    assert order_ref(author, nonce) == keccak(author.rjust(32, b"\0") + nonce)
    assert credit_ref("CRD-2025-000123") == keccak(b"CRD-2025-000123")


@given(words, uint(64), addresses, st.integers(0, 4), uint(16))
def test_a_batch_is_named_by_the_hash_of_its_terms(
    source: bytes, second: int, verifier: bytes, level: int, bps: int
) -> None:
    terms = BatchTerms(source, second, second, verifier, level, b"US", second, bps)
    struct = function("CarbonCredit", "batchIdOf").signature.removeprefix("batchIdOf(").removesuffix(")")
    assert terms.batch_id == keccak(encoding_of([struct], [terms]))
