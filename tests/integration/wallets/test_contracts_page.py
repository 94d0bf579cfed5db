"""What docs/contracts.md has people paste works, in both languages, against the contracts that are committed."""

import json
from collections.abc import Sequence
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


@pytest.fixture
def signed(world: World) -> list[Signed]:
    """One of each type, all of which the chain takes in this order."""
    alice, bob, market = address_of(ALICE), address_of(BOB), world.address("CarbonMarket")
    verifier = address_of(VERIFIER)
    permit = {"owner": alice, "spender": bob, "value": 7, "nonce": 0, "deadline": SOON}
    dollars = {"owner": bob, "spender": market, "value": 8_000_000, "nonce": 0, "deadline": SOON}
    transfer = {"from": alice, "to": bob, "value": 2, "validAfter": 0, "validBefore": SOON, "nonce": b"\x01" * 32}
    receipt = transfer | {"value": 1, "nonce": b"\x02" * 32}
    cancelled = {"authorizer": alice, "nonce": b"\x03" * 32}
    batch_id = world.terms.batch_id
    retirement = {
        "kg": 4,
        "batchIds": (batch_id,),
        "earliestVintage": 1_700_000_000,
        "commitment": b"\x05" * 32,
        "reason": 2,
        "period": 202_512,
        "nonce": b"\x04" * 32,
    }
    during = {"validAfter": 1, "validBefore": SOON}
    order = {
        "maker": alice,
        "side": 1,
        "kg": 5,
        "pricePerKg": 25_500,
        "minFillKg": 5,
        "filler": market,
        "expiry": SOON,
        "counter": 0,
        "salt": b"\x06" * 32,
        "maxFeeBps": 100,
    }
    issuance = world.issuance(1, bob, 6)
    names = ("batchId", "index", "recordsRoot", "recipients", "kg", "creditIds", "bufferKg", "deadline")
    listed = dict(zip(names, issuance, strict=True)) | {"recipients": (bob,)}
    reversal = {
        "verifier": verifier,
        "batchId": batch_id,
        "kg": 1,
        "evidence": b"\x07" * 32,
        "nonce": b"\x08" * 32,
        "deadline": SOON,
    }
    by_bytes = "(address,address,uint256,uint256,uint256,bytes32,bytes)"
    to_permit = ("owner", "spender", "value", "deadline")
    return [
        Signed(ALICE, "credit", "Permit", permit, STRANGER, "permit", [permit[name] for name in to_permit]),
        Signed(BOB, "coin", "Permit", dollars, STRANGER, "permit", [dollars[name] for name in to_permit]),
        *(
            Signed(
                ALICE, "credit", kind, message, caller, f"{kind[0].lower()}{kind[1:]}{by_bytes}", [*message.values()]
            )
            for kind, message, caller in [
                ("TransferWithAuthorization", transfer, STRANGER),
                ("ReceiveWithAuthorization", receipt, bob),
            ]
        ),
        Signed(
            ALICE,
            "credit",
            "CancelAuthorization",
            cancelled,
            STRANGER,
            "cancelAuthorization(address,bytes32,bytes)",
            [*cancelled.values()],
        ),
        Signed(
            ALICE,
            "credit",
            "RetireWithAuthorization",
            {"holder": alice, **retirement, **during},
            STRANGER,
            "retireWithAuthorization",
            [alice, tuple(retirement.values()), *during.values(), 1],
        ),
        Signed(ALICE, "market", "Order", order, STRANGER, "place", [tuple(order.values())]),
        Signed(
            ALICE,
            "market",
            "CancelOrder",
            {"maker": alice, "salt": order["salt"]},
            STRANGER,
            "cancelWithSignature",
            [alice, order["salt"]],
        ),
        Signed(
            ALICE,
            "market",
            "CancelAllOrders",
            {"maker": alice, "counter": 0},
            STRANGER,
            "cancelAllWithSignature",
            [alice, 0],
        ),
        Signed(VERIFIER, "credit", "Issuance", listed, ISSUER, "issue", [world.terms, issuance]),
        Signed(VERIFIER, "credit", "Reversal", reversal, MULTISIG, "reverse", [tuple(reversal.values()), ()]),
    ]


NAMES: dict[str, ContractName] = {"credit": "CarbonCredit", "market": "CarbonMarket", "coin": "TestDollar"}


def test_both_languages_sign_every_type_alike_and_the_chain_takes_it(world: World, signed: list[Signed]) -> None:
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
