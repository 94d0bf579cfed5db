"""What docs/contracts.md has people paste works, in both languages, against the contracts that are committed."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from ledger.chain.abi import ContractName
from ledger.credits.commitment import commitment
from ledger.kernel.address_book import address_bytes
from tests.support.contracts_page import blocks, rows, section, types
from tests.support.deploying import ISSUER, MULTISIG, STRANGER
from tests.support.wallets import (
    ALICE,
    ALICES_KG,
    BOB,
    BOBS_MICROS,
    VERIFIER,
    Language,
    World,
    address_of,
    beginning,
    hexed,
)

LANGUAGES: tuple[Language, ...] = ("python", "js")
SOON = 2**40

SIGN_ALL = {
    "python": """
for key, contract, type_string, message in json.loads(os.environ["MESSAGES"]):
    print(sign(Account.from_key(key), globals()[contract], type_string, message).to_0x_hex())
""",
    "js": """
const contracts = { credit, market, coin };
for (const [key, contract, typeString, message] of JSON.parse(process.env.MESSAGES)) {
  console.log(await sign(new ethers.Wallet(key), contracts[contract], typeString, message));
}
""",
}


class Signed(NamedTuple):
    """A signature that somebody makes, and the call that takes it."""

    key: bytes
    contract: str
    """As the page's programs call it."""
    type: str
    message: dict[str, Any]
    caller: str
    function: str
    arguments: Sequence[Any]
    """Ending before the signature."""

    def as_json(self, type_string: str) -> list[Any]:
        """For a program."""
        return [hexed(self.key), self.contract, type_string, plain(self.message)]


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return hexed(value) if isinstance(value, bytes) else value


TELL_SECRETS = {
    "python": 'print(nonce.hex(), salt.hex(), retirement["commitment"].hex())',
    "js": "console.log(...[nonce, salt, retirement.commitment].map((word) => word.slice(2)));",
}


def test_a_newcomer_retires_sells_buys_settles_cancels_and_checks(world: World) -> None:
    said = {}
    for language in LANGUAGES:
        before = world.chain.ask("evm_snapshot")
        said[language] = [line.lower() for line in world.run(language, blocks(language))]

        alice, bob = address_of(ALICE), address_of(BOB)
        assert world.read("CarbonCredit", "balanceOf", alice) == ALICES_KG - 3 - 2 - 5
        assert world.read("CarbonCredit", "balanceOf", bob) == 2 + 5
        paid = 2 * 25_500 + 255 + 5 * 25_500 + 637  # the fee of half a percent, rounded down
        assert world.read("TestDollar", "balanceOf", bob) == BOBS_MICROS - paid
        assert world.read("RetirementCertificate", "balanceOf", alice) == 1
        assert world.read("CarbonMarket", "counterOf", alice) == 1
        world.chain.ask("evm_revert", before)
    assert said["python"] == said["js"]
    assert said["js"] == [
        "would succeed: true",
        "retired by alice: true 3 kg",
        "for the family: true",
        "certificates: 1",
        "data:application/json;base64,",
        "filled of the order: 2",
        "filled of the bid: 5",
        "raised by: 1",
        "anchored: true",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_commitment_that_the_page_computes_is_the_ledgers(world: World, language: Language) -> None:
    begin, retire, *_ = blocks(language)
    told = world.run(language, [begin, retire, TELL_SECRETS[language]])[-1]
    nonce, salt, committed = map(bytes.fromhex, told.split())
    assert committed == commitment(
        chain_id=world.book.chain_id,
        contract=address_bytes(world.address("CarbonCredit")),
        holder=address_bytes(address_of(ALICE)),
        nonce=nonce,
        salt=salt,
        beneficiary="Alice and family",
    )


def test_each_contract_names_the_domain_that_the_page_says(world: World) -> None:
    listed = {contract: (name, version) for contract, name, version in rows(section("## What is signed"))[:3]}
    for token in world.book.tokens:
        credit, market = (world.address(name, token) for name in ("CarbonCredit", "CarbonMarket"))
        node = world.chain.node()
        assert node.read("CarbonCredit", credit, "eip712Domain")[1:3] == listed[f"CarbonCredit {token}"]
        assert node.read("CarbonMarket", market, "eip712Domain")[1:3] == listed["CarbonMarket, either"]


def of_tokens(world: World) -> Iterator[Signed]:
    """What a holder signs to have credits or coins moved."""
    alice, bob = address_of(ALICE), address_of(BOB)
    credits_to_bob = {"owner": alice, "spender": bob, "value": 7, "nonce": 0, "deadline": SOON}
    coins = {"owner": bob, "spender": world.address("CarbonMarket"), "value": 8_000_000, "nonce": 0, "deadline": SOON}
    for key, contract, permit in ((ALICE, "credit", credits_to_bob), (BOB, "coin", coins)):
        arguments = [permit[name] for name in ("owner", "spender", "value", "deadline")]
        yield Signed(key, contract, "Permit", permit, STRANGER, "permit", arguments)

    sent = {"from": alice, "to": bob, "value": 2, "validAfter": 0, "validBefore": SOON, "nonce": b"\x01" * 32}
    asked = sent | {"value": 1, "nonce": b"\x02" * 32}
    dropped = {"authorizer": alice, "nonce": b"\x03" * 32}
    moved = "(address,address,uint256,uint256,uint256,bytes32,bytes)"
    for kind, message, caller, members in (
        ("TransferWithAuthorization", sent, STRANGER, moved),
        ("ReceiveWithAuthorization", asked, bob, moved),
        ("CancelAuthorization", dropped, STRANGER, "(address,bytes32,bytes)"),
    ):
        function = kind[0].lower() + kind[1:] + members
        yield Signed(ALICE, "credit", kind, message, caller, function, [*message.values()])


def of_a_retirement(world: World) -> Signed:
    """What a holder signs to have credits retired."""
    alice = address_of(ALICE)
    retirement = {
        "kg": 4,
        "batchIds": (world.terms.batch_id,),
        "earliestVintage": 1_700_000_000,
        "commitment": b"\x05" * 32,
        "reason": 2,
        "period": 202_512,
        "nonce": b"\x04" * 32,
    }
    during = {"validAfter": 1, "validBefore": SOON}
    message = {"holder": alice, **retirement, **during}
    arguments = [alice, tuple(retirement.values()), *during.values(), 1]
    return Signed(ALICE, "credit", "RetireWithAuthorization", message, STRANGER, "retireWithAuthorization", arguments)


def of_orders(world: World) -> Iterator[Signed]:
    """What a trader signs."""
    alice = address_of(ALICE)
    order = {
        "maker": alice,
        "side": 1,
        "kg": 5,
        "pricePerKg": 25_500,
        "minFillKg": 5,
        "filler": world.address("CarbonMarket"),
        "expiry": SOON,
        "counter": 0,
        "salt": b"\x06" * 32,
        "maxFeeBps": 100,
    }
    yield Signed(ALICE, "market", "Order", order, STRANGER, "place", [tuple(order.values())])
    for kind, message, function in (
        ("CancelOrder", {"maker": alice, "salt": order["salt"]}, "cancelWithSignature"),
        ("CancelAllOrders", {"maker": alice, "counter": 0}, "cancelAllWithSignature"),
    ):
        yield Signed(ALICE, "market", kind, message, STRANGER, function, [*message.values()])


def of_the_verifier(world: World) -> Iterator[Signed]:
    """What a verifier signs."""
    bob = address_of(BOB)
    issuance = world.issuance(1, bob, 6)
    names = ("batchId", "index", "recordsRoot", "recipients", "kg", "creditIds", "bufferKg", "deadline")
    listed = dict(zip(names, issuance, strict=True)) | {"recipients": (bob,)}
    yield Signed(VERIFIER, "credit", "Issuance", listed, ISSUER, "issue", [world.terms, issuance])
    reversal = {
        "verifier": address_of(VERIFIER),
        "batchId": world.terms.batch_id,
        "kg": 1,
        "evidence": b"\x07" * 32,
        "nonce": b"\x08" * 32,
        "deadline": SOON,
    }
    yield Signed(VERIFIER, "credit", "Reversal", reversal, MULTISIG, "reverse", [tuple(reversal.values()), ()])


NAMES: dict[str, ContractName] = {"credit": "CarbonCredit", "market": "CarbonMarket", "coin": "TestDollar"}


def test_both_languages_sign_every_type_alike_and_the_chain_takes_it(world: World) -> None:
    signed = [*of_tokens(world), of_a_retirement(world), *of_orders(world), *of_the_verifier(world)]
    listed = types()
    assert {each.type for each in signed} == set(listed)
    messages = json.dumps([each.as_json(listed[each.type]) for each in signed])
    in_python, in_js = (
        world.run(language, [beginning(language), SIGN_ALL[language]], MESSAGES=messages) for language in LANGUAGES
    )
    assert in_python == in_js
    for each, signature in zip(signed, map(bytes.fromhex, (line[2:] for line in in_js)), strict=True):
        parts = [signature[64], signature[:32], signature[32:64]] if each.type == "Permit" else [signature]
        world.act(each.caller, NAMES[each.contract], each.function, [*each.arguments, *parts])
    assert world.read("CarbonCredit", "balanceOf", address_of(ALICE)) == ALICES_KG - 2 - 1 - 4
    assert world.read("CarbonCredit", "deficitOf", world.terms.batch_id) == (1, 0)
