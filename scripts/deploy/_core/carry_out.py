"""Carrying the steps out: each signed, written down, sent, and seen in a block before the next one is signed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from ledger.kernel.address_book import Transaction
from scripts.deploy._core.errors import DeploymentError
from scripts.deploy._core.history import transaction_with
from scripts.deploy._core.node import Node, NodeRefused
from scripts.deploy._core.steps import Step
from scripts.deploy._core.stock import Stock

GAS_MARGIN_PERCENT = 125
"""Of what the node estimates; what is not used is not paid."""
REPLACEMENT_PERCENT = 125
"""Nodes ask for at least 110 before they take a transaction in another's place."""
POLL_SECONDS = 1.0
PATIENCE_SECONDS = 600.0
GRACE_SECONDS = 15.0
"""A node, or one of several behind one address, may count a transaction before it shows its receipt."""

Say = Callable[[str], None]


class Signer(Protocol):
    """The deployer's key, wherever it is kept."""

    @property
    def address(self) -> str:
        """The account, with its checksum."""

    def sign(self, transaction: Mapping[str, Any]) -> bytes:
        """The signed transaction as it is sent, from its fields as JSON-RPC names them, quantities as integers.

        Raises:
            DeploymentError: the key's holder declined.
        """


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for a block."""

    poll_seconds: float = POLL_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    grace_seconds: float = GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class Fees:
    """What gas costs now, in wei."""

    base_wei: int
    tip_wei: int

    @property
    def price_wei(self) -> int:
        """What a transaction of now would pay per gas."""
        return self.base_wei + self.tip_wei

    @property
    def ceiling_wei(self) -> int:
        """What one is signed for at most: it outlasts a doubling of the base fee."""
        return 2 * self.base_wei + self.tip_wei


def current_fees(node: Node) -> Fees:
    """The newest block's base fee, and the tip that the node suggests."""
    base = int(node.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    return Fees(base, node.number("eth_maxPriorityFeePerGas"))


def carry_out(node: Node, signer: Signer, stock: Stock, say: Say, pace: Pace | None = None) -> None:
    """Does whatever is left, one transaction after another, and writes each down before and after it is sent.

    It may be broken off anywhere: `take_stock` and this function go on from there.

    Raises:
        DeploymentError: the node, the key's holder or the chain refused a step, or no block came.
    """
    for step in stock.left:
        say(f"{step.purpose} (nonce {step.nonce})")
        record = stock.record(step)
        if record is None or _is_underpriced(node, record):
            record = _sign(node, signer, stock, step, replaced=record)
        _send(node, record)
        mined = _until_mined(node, stock, step, record, pace or Pace())
        _check_succeeded(step, mined)
        if not step.is_done(node):
            raise DeploymentError(f"{record.transaction_hash} is mined, but the chain does not show: {step.purpose}.")
        stock.settle(step, transaction_with(node, signer.address, step.nonce, mined["transactionHash"]))
    stock.complete()


def _sign(node: Node, signer: Signer, stock: Stock, step: Step, replaced: Transaction | None) -> Transaction:
    """Signs a step's transaction and writes it down, so that no crash can lose it."""
    call = {"from": signer.address, "data": "0x" + step.data.hex()} | ({"to": step.to} if step.to else {})
    try:
        gas = node.number("eth_estimateGas", call)
    except NodeRefused as refusal:
        raise DeploymentError(f"The chain would refuse to {step.purpose}: {refusal}") from None
    fees = current_fees(node)
    ceiling_wei, tip_wei = fees.ceiling_wei, fees.tip_wei
    if replaced is not None:
        before = _signed_fees(replaced)
        ceiling_wei = max(ceiling_wei, before["maxFeePerGas"] * REPLACEMENT_PERCENT // 100 + 1)
        tip_wei = max(tip_wei, before["maxPriorityFeePerGas"] * REPLACEMENT_PERCENT // 100 + 1)
    raw = signer.sign(
        {
            "type": 2,
            "chainId": stock.book.chain_id,
            "nonce": step.nonce,
            "gas": gas * GAS_MARGIN_PERCENT // 100,
            "maxFeePerGas": ceiling_wei,
            "maxPriorityFeePerGas": tip_wei,
            "value": 0,
            "data": call["data"],
            **({"to": step.to} if step.to else {}),
        }
    )
    record = Transaction(
        purpose=step.purpose,
        nonce=step.nonce,
        transaction_hash="0x" + keccak(raw).hex(),
        raw="0x" + raw.hex(),
    )
    stock.keep(record)
    return record


def _is_underpriced(node: Node, record: Transaction) -> bool:
    """Whether a transaction that was signed earlier can't be sent again as it is."""
    return record.raw is None or _signed_fees(record)["maxFeePerGas"] < current_fees(node).base_wei


def _signed_fees(record: Transaction) -> Mapping[str, int]:
    if record.raw is None:
        return {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
    fields: Mapping[str, int] = TypedTransaction.from_bytes(HexBytes(record.raw)).as_dict()
    return fields


def _send(node: Node, record: Transaction) -> None:
    """Hands a transaction to the node, which may have it already."""
    try:
        node.ask("eth_sendRawTransaction", record.raw)
    except NodeRefused:
        if node.ask("eth_getTransactionByHash", record.transaction_hash) is None:
            raise


def _until_mined(node: Node, stock: Stock, step: Step, record: Transaction, pace: Pace) -> Mapping[str, Any]:
    """The receipt of a step's transaction.

    Raises:
        DeploymentError: another transaction took its nonce, or no block took it in time.
    """
    ends = time.monotonic() + pace.patience_seconds
    counted_since: float | None = None
    while True:
        if (receipt := node.receipt(record.transaction_hash)) is not None:
            return receipt
        if node.nonce(stock.book.deployer) > step.nonce:
            counted_since = counted_since or time.monotonic()
            if time.monotonic() > counted_since + pace.grace_seconds:
                raise DeploymentError(
                    f"{stock.book.deployer} used nonce {step.nonce} for another transaction while this one waited to "
                    f"{step.purpose}. Run the same command again: it looks at what was mined."
                )
        if time.monotonic() > ends:
            raise DeploymentError(
                f"{record.transaction_hash} is sent but not mined after {pace.patience_seconds:.0f} s. Run the same "
                "command again later: it waits for the same transaction, and pays more where the price has risen."
            )
        time.sleep(pace.poll_seconds)


def _check_succeeded(step: Step, receipt: Mapping[str, Any]) -> None:
    if int(receipt["status"], 16) != 1:
        raise DeploymentError(
            f"{receipt['transactionHash']} was to {step.purpose} and was reverted. Look at it in an explorer; "
            "--renumber sends the step again with the deployer's next nonce."
        )
