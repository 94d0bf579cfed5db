"""A node as deployment asks it: raw JSON-RPC over whatever carries it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]  # it carries no types
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts.deploy._core.artifacts import call_data, call_result
from scripts.deploy._core.errors import DeploymentError

Transport = Callable[[str, Sequence[Any]], Mapping[str, Any]]
"""Sends a method with its parameters, and answers the JSON-RPC response: `result` or `error`."""


class NodeRefused(DeploymentError):
    """The node understood a call and refused it."""


class Node:
    """Calls to one node."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(self, method: str, *parameters: Any) -> Any:
        """The result of a call.

        Raises:
            NodeRefused: with the node's own words.
        """
        answer = self._transport(method, parameters)
        if (error := answer.get("error")) is not None:
            said = error.get("message", error) if isinstance(error, Mapping) else error
            raise NodeRefused(f"The node refused {method}: {said}")
        return answer.get("result")

    def number(self, method: str, *parameters: Any) -> int:
        """The result of a call that answers a quantity."""
        return int(self.ask(method, *parameters), 16)

    def chain_id(self) -> int:
        """Which chain the node serves."""
        return self.number("eth_chainId")

    def nonce(self, account: str, block: str | int = "latest") -> int:
        """How many transactions of the account are mined as of a block; as of `pending`, also those that wait."""
        return self.number("eth_getTransactionCount", account, hex(block) if isinstance(block, int) else block)

    def code(self, address: str) -> bytes:
        """The code that stands at an address."""
        return bytes.fromhex(self.ask("eth_getCode", address, "latest")[2:])

    def receipt(self, transaction_hash: str) -> Mapping[str, Any] | None:
        """The receipt of a mined transaction."""
        found: Mapping[str, Any] | None = self.ask("eth_getTransactionReceipt", transaction_hash)
        return found

    def read(self, contract: str, address: str, function: str, *arguments: Any) -> Any:
        """What a contract answers now.

        Raises:
            DeploymentError: it answers nothing that this function could answer.
        """
        data = "0x" + call_data(contract, function, *arguments).hex()
        answer = self.ask("eth_call", {"to": address, "data": data}, "latest")
        try:
            return call_result(contract, function, bytes.fromhex(answer[2:]))
        except DecodingError:
            raise DeploymentError(f"{address} does not answer {function}() as {contract} does.") from None


def created_address(sender: str, nonce: int) -> str:
    """Where a contract stands that `sender` creates with this nonce."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[-20:])
