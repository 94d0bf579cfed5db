"""Why the chain refused something, as intents keep it and answers tell it."""

from typing import Any

from ledger.chain.abi import DecodedError, decode_error
from ledger.chain.rpc import Rpc, RpcError, to_bytes, to_hex
from ledger.kernel.errors import TransactionFailed


def failure_of(error: DecodedError) -> dict[str, Any]:
    """A failed intent's `failure`: code, message and facts."""
    return failure(f"The chain refused the transaction: {error}.", {"error": error.name, **error.arguments})


def failure(message: str, facts: dict[str, Any]) -> dict[str, Any]:
    """A failed intent's `failure` in words of our own."""
    return {"code": TransactionFailed.code, "message": message, "facts": facts}


async def revert_reason(rpc: Rpc, transaction_hash: bytes) -> DecodedError:
    """Why a mined transaction reverted: what the same call meets on the block before it.

    Other transactions of its own block are not taken into account; where the call goes through without them, the
    reason is told as unknown.
    """
    transaction = await rpc.call("eth_getTransactionByHash", to_hex(transaction_hash))
    call = {"from": transaction["from"], "data": transaction["input"], "gas": transaction["gas"]}
    if transaction.get("to"):
        call["to"] = transaction["to"]
    try:
        await rpc.call("eth_call", call, hex(int(transaction["blockNumber"], 16) - 1))
    except RpcError as error:
        return decode_error(to_bytes(error.data)) if isinstance(error.data, str) else DecodedError(error.message, {})
    return DecodedError("Reverted", {})
