"""A deployment to a live network: planned, carried out, written down, and gone on with after whatever stops it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from web3.types import RPCEndpoint

from ledger.kernel.address_book import file_of
from scripts.deploy._core.errors import DeploymentError, Refused
from scripts.deploy._core.node import Node
from scripts.deploy._core.operate import plan
from scripts.deploy._core.stock import Stock
from tests.support.deploying import (
    AMOY,
    IMPATIENT,
    ISSUER,
    MULTISIG,
    PLENTY_WEI,
    STRANGER,
    Chain,
    Interrupted,
    Operator,
    differences,
)

TRANSACTIONS = 27
SEND, RECEIPT = "eth_sendRawTransaction", "eth_getTransactionReceipt"
HIDDEN_TIMES = 3


class Interruption:
    """Stops the operator's machine at the n-th call of a method, before it is sent or once it is answered."""

    def __init__(self, method: str, *, answered: bool, after: int = 1) -> None:
        self._moment = (method, answered)
        self._left = after

    def __call__(self, method: str, answered: bool) -> None:  # noqa: FBT001
        if (method, answered) == self._moment:
            self._left -= 1
            if self._left == 0:
                raise Interrupted


def planned(operator: Operator) -> Stock:
    return plan(operator.chain.node(), operator.key.address, operator.request())[1]


def test_the_plan_tells_every_transaction_and_address_beforehand_and_sends_nothing(operator: Operator) -> None:
    _, stock, text = plan(operator.chain.node(), operator.key.address, operator.request())
    assert operator.nonce == 0
    assert not file_of(operator.folder, AMOY).exists()
    assert f"{TRANSACTIONS} of {TRANSACTIONS} transactions to send" in text
    for step in stock.steps:
        assert step.concerns in text
    assert "USDC at 0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582, 6 decimals" in text

    assert differences(operator.deploy()) == []
    assert operator.said[0] == text
    assert {each.address for each in operator.book.contracts} == {
        step.creation.address for step in stock.steps if step.creation
    }


def test_the_estimate_is_never_less_than_what_is_used_and_hardly_more(operator: Operator) -> None:
    estimates = {step.purpose: step.gas for step in planned(operator).steps}
    operator.deploy()
    for transaction in operator.book.transactions:
        receipt = operator.chain.node().receipt(transaction.transaction_hash)
        assert receipt is not None
        used = int(receipt["gasUsed"], 16)
        assert used <= estimates[transaction.purpose] <= used * 5 // 4, transaction.purpose


def test_the_book_says_where_everything_stands_and_how_it_came_there(operator: Operator) -> None:
    operator.deploy()
    told = json.loads(file_of(operator.folder, AMOY).read_text())
    assert (told["version"], told["chainId"], told["network"], told["standsFor"]) == (1, AMOY, "amoy", "polygon")
    assert told["coin"] == {
        "address": "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582",
        "symbol": "USDC",
        "decimals": 6,
    }
    assert told["tokens"]["WCCM"]["creditClass"] == "micro"
    assert told["tokens"]["WCCR"]["creditClass"] == "registry"
    market = next(each for each in told["contracts"] if (each["name"], each.get("token")) == ("CarbonMarket", "WCCR"))
    credit = next(each for each in told["contracts"] if (each["name"], each.get("token")) == ("CarbonCredit", "WCCR"))
    assert market["arguments"]["credit"] == credit["address"]
    creation = operator.chain.ask("eth_getTransactionByHash", market["transactionHash"])
    assert creation["input"].endswith(market["encodedArguments"])
    assert int(creation["blockNumber"], 16) == market["blockNumber"]
    assert told["complete"] is True


def test_a_complete_deployment_is_not_sent_again(operator: Operator) -> None:
    operator.deploy()
    written, sent = operator.book, operator.nonce
    assert differences(operator.deploy()) == []
    assert (operator.book, operator.nonce) == (written, sent)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param((SEND, False, 2), id="signed but not sent"),  # the one before is sent first
        pytest.param((SEND, True, 1), id="sent but not answered"),
        pytest.param((RECEIPT, True, 1), id="mined but not written down"),
    ],
)
def test_a_machine_that_stops_at_every_transaction_deploys_everything_once(
    operator: Operator, moment: tuple[str, bool, int]
) -> None:
    method, answered, calls = moment
    addresses = [step.concerns for step in planned(operator).steps]
    for number in range(1, len(addresses) + 1):
        with pytest.raises(Interrupted):
            operator.deploy(operator.chain.node(Interruption(method, answered=answered, after=min(number, calls))))
        assert operator.sent == (number if answered else number - 1)
    assert differences(operator.deploy()) == []
    assert operator.nonce == len(addresses)
    assert [step.concerns for step in planned(operator).steps] == addresses


def test_a_book_that_was_lost_is_written_anew_from_the_chain(operator: Operator) -> None:
    with pytest.raises(Interrupted):
        operator.deploy(operator.chain.node(Interruption(SEND, answered=False, after=12)))
    manager = operator.book.contracts[0].address
    file_of(operator.folder, AMOY).unlink()

    with pytest.raises(Refused, match=rf"created a RoleManager on this chain before, at {manager} with nonce 0"):
        operator.deploy()
    assert differences(operator.deploy(first_nonce=0)) == []
    assert operator.nonce == TRANSACTIONS
    whole = operator.book

    file_of(operator.folder, AMOY).unlink()
    assert differences(operator.deploy(first_nonce=0)) == []
    assert (operator.book, operator.nonce) == (whole, TRANSACTIONS)


def test_a_second_set_of_contracts_needs_to_be_asked_for(operator: Operator) -> None:
    operator.deploy()
    first = operator.book
    file_of(operator.folder, AMOY).unlink()
    assert differences(operator.deploy(first_nonce=TRANSACTIONS)) == []
    assert operator.nonce == 2 * TRANSACTIONS
    assert {each.address for each in operator.book.contracts}.isdisjoint(each.address for each in first.contracts)


def stop_after(operator: Operator, transactions: int) -> None:
    """Deploys until this many transactions are mined and written down."""
    with pytest.raises(Interrupted):
        operator.deploy(operator.chain.node(Interruption("eth_estimateGas", answered=False, after=transactions + 1)))


def test_a_transaction_of_the_deployers_own_in_between_is_told_and_then_stepped_over(operator: Operator) -> None:
    stop_after(operator, 5)
    so_far = operator.book.contracts
    operator.chain.act(operator.key.address, STRANGER, b"")

    with pytest.raises(DeploymentError, match=r"used nonce 5 for 0x[0-9a-f]{64} .* create RetirementCertificate WCCM"):
        operator.deploy()
    assert differences(operator.deploy(renumber=True)) == []
    assert operator.book.contracts[:5] == so_far
    assert operator.nonce == TRANSACTIONS + 1


def test_a_nonce_that_another_transaction_took_is_told_and_then_stepped_over(operator: Operator) -> None:
    with pytest.raises(Interrupted):
        operator.deploy(operator.chain.node(Interruption(SEND, answered=False, after=4)))
    operator.chain.act(operator.key.address, STRANGER, b"")

    with pytest.raises(DeploymentError, match=r"used nonce 3 for .* it was to create CarbonCredit WCCM"):
        operator.deploy()
    assert differences(operator.deploy(renumber=True)) == []
    assert operator.nonce == TRANSACTIONS + 1


def test_a_node_that_counts_a_transaction_before_it_shows_the_receipt_is_waited_for(operator: Operator) -> None:
    asked: Counter[str] = Counter()

    def hide(method: str, parameters: Sequence[Any]) -> Mapping[str, Any]:
        answer = operator.chain.transport.make_request(RPCEndpoint(method), list(parameters))
        if method != RECEIPT or answer.get("result") is None:
            return answer
        asked[parameters[0]] += 1
        return answer if asked[parameters[0]] > HIDDEN_TIMES else {"result": None}

    assert differences(operator.deploy(Node(hide))) == []
    assert {each.transaction_hash for each in operator.book.transactions} == set(asked)
    assert operator.nonce == TRANSACTIONS


def test_transactions_that_wait_are_let_through_first(operator: Operator) -> None:
    operator.chain.ask("evm_setAutomine", False)
    operator.chain.ask("anvil_impersonateAccount", operator.key.address)
    operator.chain.ask("eth_sendTransaction", {"from": operator.key.address, "to": STRANGER})
    with pytest.raises(Refused, match="has 1 transactions waiting"):
        operator.deploy()


def test_a_transaction_that_got_too_cheap_is_replaced_by_the_same_at_a_higher_price(operator: Operator) -> None:
    operator.chain.ask("evm_setAutomine", False)
    with pytest.raises(DeploymentError, match="is sent but not mined after 0 s"):
        operator.deploy(pace=IMPATIENT)
    cheap = operator.book.transactions[0]
    operator.chain.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    operator.chain.ask("anvil_mine")
    assert operator.nonce == 0

    operator.chain.ask("evm_setAutomine", True)
    assert differences(operator.deploy()) == []
    first = operator.book.transactions[0]
    assert (first.purpose, first.nonce) == (cheap.purpose, cheap.nonce)
    assert first.transaction_hash != cheap.transaction_hash
    assert operator.nonce == TRANSACTIONS


def test_a_transaction_that_a_wallet_sped_up_counts_as_the_step(operator: Operator) -> None:
    with pytest.raises(Interrupted):
        operator.deploy(operator.chain.node(Interruption(SEND, answered=False)))
    (step, *_) = planned(operator).steps
    asked = {"from": operator.key.address, "data": "0x" + step.data.hex(), "maxFeePerGas": hex(90 * 10**9)}
    operator.chain.ask("anvil_impersonateAccount", operator.key.address)
    sped_up = operator.chain.ask("eth_sendTransaction", asked)
    operator.chain.ask("anvil_mine")

    assert differences(operator.deploy()) == []
    assert operator.book.transactions[0].transaction_hash == sped_up
    assert operator.nonce == TRANSACTIONS


def test_a_deployment_is_not_finished_as_another_one(operator: Operator) -> None:
    stop_after(operator, 3)
    other = Operator(operator.chain, operator.folder)
    other.options = type(operator.options)(
        multisig=MULTISIG, holders={**operator.options.holders, "issuer": [STRANGER]}
    )
    with pytest.raises(Refused, match=f"began otherwise.*{ISSUER}.*{STRANGER}"):
        other.deploy()


def test_a_poor_deployer_is_told_how_much_is_lacking_before_anything_is_sent(amoy: Chain, operator: Operator) -> None:
    amoy.ask("anvil_setBalance", operator.key.address, hex(10**15))
    with pytest.raises(Refused, match=r"lacks about 0\.\d{6} POL: send it to 0x17c5"):
        operator.deploy()
    assert operator.nonce == 0
    amoy.ask("anvil_setBalance", operator.key.address, hex(PLENTY_WEI))
    assert differences(operator.deploy()) == []
