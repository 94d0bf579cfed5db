"""Where a transaction's gas goes, by its trace: what the EVM charges for in any case, and what is left for the code."""

from benchmarks.evm.chain import GAS_LIMIT, Chain, Sent
from ledger.chain.rpc import to_hex

FIXED_GAS = 21_000
ZERO_BYTE_GAS, BYTE_GAS = 4, 16
CALLS = {"CALL", "STATICCALL", "DELEGATECALL"}
UNTOLD = {"disableStack": True, "enableMemory": False, "disableStorage": True}


async def parts_of(chain: Chain, transaction: Sent) -> dict[str, int]:
    """The gas of a transaction that could be sent now, by what it is paid for. Nothing is sent.

    `calls` is what calls cost beyond what happens inside them: reaching a contract, a precompile, less any refund.
    """
    if transaction.to is None:
        raise ValueError("a creation has no calldata to tell apart")
    call = {
        "from": to_hex(transaction.sender),
        "to": to_hex(transaction.to),
        "data": to_hex(transaction.data),
        "gas": hex(GAS_LIMIT),
    }
    trace = await chain.rpc.call("debug_traceCall", call, "latest", UNTOLD)
    zeros = transaction.data.count(0)
    parts = {
        "fixed": FIXED_GAS,
        "calldata": zeros * ZERO_BYTE_GAS + (len(transaction.data) - zeros) * BYTE_GAS,
        "storage written": 0,
        "storage read": 0,
        "events": 0,
        "code": 0,
    }
    for step in trace["structLogs"]:
        if step["op"] not in CALLS:
            parts[_part(step["op"])] += step["gasCost"]
    return {**parts, "calls": trace["gas"] - sum(parts.values())}


def _part(operation: str) -> str:
    if operation in {"SSTORE", "SLOAD"}:
        return "storage written" if operation == "SSTORE" else "storage read"
    return "events" if operation.startswith("LOG") else "code"
