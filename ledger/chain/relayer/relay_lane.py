"""The lane `relay`: signed actions of users, many of them in one call of the Relay contract."""

from collections.abc import Sequence
from itertools import accumulate, takewhile

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import function_data
from ledger.chain.intents import oldest_queued
from ledger.chain.models import Intent, Submission
from ledger.chain.network import Network
from ledger.chain.rpc import Rpc, to_bytes
from ledger.chain.submissions import count_in_flight, lock_sender, mark_submitted, next_nonce, store
from ledger.chain.transactions import Call, current_fees

PURPOSE = "relay"
ACTIONS_AT_ONCE = 50
GAS_AT_ONCE = 15_000_000
"""No call of ours needs more than 16 million, the most that networks grant one transaction."""

IN_FLIGHT_AT_MOST = 4
"""Transactions of this lane that may be unmined at once; meanwhile further intents gather for one larger call."""

BASE_GAS = 60_000
OVERHEAD_GAS_PER_ACTION = 40_000
"""What Relay itself uses for an action: account access, copying its data, the event."""


async def submit_actions(session: AsyncSession, network: Network, rpc: Rpc) -> list[Submission]:
    """Signs one Relay call with the oldest queued actions, in the order in which they were queued."""
    relayer = network.custody.operator("relayer")
    await lock_sender(session, network.chain_id, relayer.address)
    if await count_in_flight(session, network.chain_id, PURPOSE) >= IN_FLIGHT_AT_MOST:
        return []
    intents = _fitting(await oldest_queued(session, network.chain_id, "relay", ACTIONS_AT_ONCE))
    if not intents:
        return []
    submission = await store(
        session,
        relayer,
        relay_call(network.contracts.relay, intents),
        chain_id=network.chain_id,
        nonce=await next_nonce(session, rpc, network.chain_id, relayer.address),
        fees=await current_fees(rpc),
        purpose=PURPOSE,
    )
    await mark_submitted(session, intents, submission)
    return [submission]


def relay_call(relay: bytes, intents: Sequence[Intent]) -> Call:
    """One call of Relay that tries each intent's action under the intent's ref.

    Its gas is enough to give every action its full limit, of which a call passes on at most 63/64.
    """
    actions = [
        (to_bytes(intent.payload["target"]), to_bytes(intent.payload["data"]), intent.payload["gasLimit"], intent.ref)
        for intent in intents
    ]
    data = function_data("Relay", "relay", [actions])
    largest = max(intent.payload["gasLimit"] for intent in intents)
    zeros = data.count(0)
    intrinsic = 16 * (len(data) - zeros) + 4 * zeros
    execution = sum(_gas(intent) for intent in intents) + largest // 63 + BASE_GAS
    floor = 40 * (len(data) - zeros) + 10 * zeros + BASE_GAS  # EIP-7623: calldata costs at least this
    return Call(relay, data, max(intrinsic + execution, floor))


def _gas(intent: Intent) -> int:
    return int(intent.payload["gasLimit"]) + OVERHEAD_GAS_PER_ACTION


def _fitting(intents: Sequence[Intent]) -> list[Intent]:
    """As many of the first intents as one transaction can carry, and at least one."""
    totals = accumulate(_gas(intent) for intent in intents)
    fitting = [
        intent for intent, _ in takewhile(lambda pair: pair[1] <= GAS_AT_ONCE, zip(intents, totals, strict=True))
    ]
    return fitting or list(intents[:1])
