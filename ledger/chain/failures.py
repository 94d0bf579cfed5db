"""Why the chain refused something, as intents keep it and answers tell it."""

from typing import Any

from ledger.chain.abi import DecodedError, decode_error
from ledger.chain.chunk import moment_of
from ledger.chain.rpc import Rpc, RpcError, to_bytes, to_hex
from ledger.kernel.clock import iso
from ledger.kernel.errors import BlockchainUnavailable, TransactionFailed

PASSING = {
    "IsPaused": "issuing and trading are paused until {until}; ask again then",
    "BatchIsWithheld": (
        "the batch {batchId} is suspended or reversed, and nothing is issued into it meanwhile; ask again once it is "
        "eligible"
    ),
    "NotAttributable": (
        "only {attributableKg} of {kg} kg can be retired now, as the other batches are suspended, reversed or empty"
    ),
    "DailyIssueCapExceeded": "only {leftKg} of these {kg} kg can still be issued today; ask again tomorrow, UTC",
}
"""What to say of errors that mean nothing but not now, by their names in Solidity, with their arguments put in."""


def failure_of(error: DecodedError) -> dict[str, Any]:
    """A failed intent's `failure`: code, message and facts."""
    return failure(f"The chain refused the transaction: {_reason(error)}.", {"error": error.name, **error.arguments})


def _reason(error: DecodedError) -> str:
    """The error in words, or by its name and facts where there are none or its facts were cut off."""
    if error.name not in PASSING or not error.arguments:
        return str(error)
    times = {name: iso(moment_of(int(error.arguments[name]))) for name in ("until",) if name in error.arguments}
    return PASSING[error.name].format_map(error.arguments | times)


def failure_at(
    error: DecodedError, *, block_number: int, log_index: int | None, transaction_hash: bytes
) -> dict[str, Any]:
    """A failed intent's `failure`, and where the chain told of it, so that the row can go back to it.

    `log_index` is that of the event that told; None where a whole transaction was reverted.
    """
    where = {"blockNumber": block_number, "logIndex": log_index, "transactionHash": to_hex(transaction_hash)}
    return failure_of(error) | where


def failure(message: str, facts: dict[str, Any]) -> dict[str, Any]:
    """A failed intent's `failure` in words of our own."""
    return {"code": TransactionFailed.code, "message": message, "facts": facts}


async def revert_reason(rpc: Rpc, transaction_hash: bytes) -> DecodedError:
    """Why a mined transaction reverted: what the same call meets on the block before it.

    Other transactions of its own block are not taken into account; where the call goes through without them, the
    reason is told as unknown.

    Raises:
        BlockchainUnavailable: a reorg took the transaction meanwhile.
    """
    transaction = await rpc.call("eth_getTransactionByHash", to_hex(transaction_hash))
    if transaction is None or transaction.get("blockNumber") is None:
        raise BlockchainUnavailable(
            "The chain changed while a refusal was looked into; what failed is looked up again."
        )
    call = {"from": transaction["from"], "data": transaction["input"], "gas": transaction["gas"]}
    if transaction.get("to"):
        call["to"] = transaction["to"]
    try:
        await rpc.call("eth_call", call, hex(int(transaction["blockNumber"], 16) - 1))
    except RpcError as error:
        return decode_error(to_bytes(error.data)) if isinstance(error.data, str) else DecodedError(error.message, {})
    return DecodedError("Reverted", {})
