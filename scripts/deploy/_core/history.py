"""The deployer's past transactions, found on the chain by their nonce."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.deploy._core.errors import DeploymentError
from scripts.deploy._core.node import Node, NodeRefused


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction that a block holds."""

    hash: str
    to: str | None
    data: bytes
    block_number: int

    @classmethod
    def of(cls, transaction: Mapping[str, Any]) -> "Mined":
        """From JSON-RPC's transaction object."""
        to = transaction.get("to")
        data = bytes.fromhex(transaction["input"][2:])
        return cls(transaction["hash"], to.lower() if to else None, data, int(transaction["blockNumber"], 16))


def transaction_with(node: Node, sender: str, nonce: int, known_hash: str | None = None) -> Mined:
    """The sender's mined transaction with this nonce: the one that is known, or whatever took its place.

    Raises:
        DeploymentError: the node keeps too little of the past to tell.
    """
    if known_hash is not None:
        known: Mapping[str, Any] | None = node.ask("eth_getTransactionByHash", known_hash)
        if known is not None and known.get("blockNumber"):
            return Mined.of(known)
    block = node.ask("eth_getBlockByNumber", hex(_block_of(node, sender, nonce)), True)
    for transaction in block["transactions"]:
        if transaction["from"].lower() == sender.lower() and int(transaction["nonce"], 16) == nonce:
            return Mined.of(transaction)
    raise DeploymentError(f"The node shows no transaction {nonce} of {sender}; ask another node.")


def _block_of(node: Node, sender: str, nonce: int) -> int:
    """The block that holds the sender's transaction with this nonce: the first after which it is counted."""
    before, after = -1, node.number("eth_blockNumber")
    try:
        while after - before > 1:
            middle = (before + after) // 2
            if node.nonce(sender, middle) > nonce:
                after = middle
            else:
                before = middle
    except NodeRefused as refusal:
        raise DeploymentError(
            f"Transaction {nonce} of {sender} was mined, but not seen by us, and this node does not keep the state of "
            f"old blocks ({refusal}). Run the same command against an archive node."
        ) from None
    return after
