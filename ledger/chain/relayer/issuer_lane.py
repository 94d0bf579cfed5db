"""The lane `issuer`: verified credits, issued into their batches with the verifier's signature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import DecodedError, function_data, function_result
from ledger.chain.failures import failure, failure_of
from ledger.chain.intents import oldest_queued
from ledger.chain.merkle import root_of
from ledger.chain.models import Intent, Submission
from ledger.chain.network import Network
from ledger.chain.rpc import Rpc, to_bytes, to_hex, to_int
from ledger.chain.submissions import (
    count_in_flight,
    count_succeeded,
    lock_sender,
    mark_submitted,
    next_nonce,
    store,
)
from ledger.chain.transactions import Call, current_fees
from ledger.chain.typed_data import BatchTerms, Issuance, issuance_digest

CREDITS_AT_ONCE = 50
LOOKED_AT = 500
BASE_GAS = 500_000
GAS_PER_CREDIT = 120_000
BPS = 10_000


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch on chain: the index of its next issuance, and its kilograms so far."""

    next_index: int
    issued_kg: int
    buffered_kg: int
    """What its buffer holds, and what left it on a reversal: that counts as put in."""

    def buffer_up(self, kg: int, buffer_bps: int) -> int:
        """What of `kg` more must go to the buffer: its share of all issued, rounded up, less what it holds."""
        required_up = -(-(self.issued_kg + kg) * buffer_bps // BPS)
        return max(required_up - self.buffered_kg, 0)

    def after(self, kg: int, buffer_kg: int) -> Self:
        """The batch once `kg`, of which `buffer_kg` went to the buffer, are issued."""
        return type(self)(self.next_index, self.issued_kg + kg, self.buffered_kg + buffer_kg)


@dataclass(frozen=True, slots=True)
class Share:
    """How a credit is split: to its recipient, and to the batch's buffer."""

    intent: Intent
    net_kg: int
    buffer_kg: int


async def submit_issuances(session: AsyncSession, network: Network, rpc: Rpc) -> list[Submission]:
    """Signs an issuance for every batch that has queued credits and none on their way.

    One issuance a batch at a time: the next one's index and buffer follow from what the chain says after it. While the
    token takes none, what is queued for it fails with the reason and can be asked for again; it is not kept waiting for
    days, as a doubt about a batch may end in a reversal.
    """
    issuer = network.custody.operator("issuer")
    await lock_sender(session, network.chain_id, issuer.address)
    submissions = []
    for terms, intents in (await _queued_by_batch(session, network.chain_id)).items():
        purpose = f"issue {to_hex(terms.batch_id)}"
        if await count_in_flight(session, network.chain_id, purpose):
            continue
        before, refusal = await _look_at(rpc, network.contracts.credit, terms.batch_id)
        if refusal is not None:
            _fail(intents, failure_of(refusal))
            continue
        if before.next_index < await count_succeeded(session, network.chain_id, purpose):
            continue  # a reorg took issuances that are still to be sent again: this one comes after them
        shares = _split(before, terms, intents[:CREDITS_AT_ONCE])
        if not shares:
            continue
        submission = await store(
            session,
            issuer,
            _issue_call(network, terms, before.next_index, shares),
            chain_id=network.chain_id,
            nonce=await next_nonce(session, rpc, network.chain_id, issuer.address),
            fees=await current_fees(rpc),
            purpose=purpose,
        )
        await mark_submitted(session, [share.intent for share in shares], submission)
        submissions.append(submission)
    return submissions


async def _queued_by_batch(session: AsyncSession, chain_id: int) -> Mapping[BatchTerms, list[Intent]]:
    by_batch: dict[BatchTerms, list[Intent]] = {}
    for intent in await oldest_queued(session, chain_id, "issuer", LOOKED_AT):
        by_batch.setdefault(_terms(intent.payload), []).append(intent)
    return by_batch


def _terms(payload: Mapping[str, Any]) -> BatchTerms:
    members: list[Any] = [to_bytes(member) if isinstance(member, str) else member for member in payload["terms"]]
    return BatchTerms(*members)


async def _look_at(rpc: Rpc, credit: bytes, batch_id: bytes) -> tuple[BatchState, DecodedError | None]:
    """The batch on chain, and the error with which an issuance into it would be refused at the moment."""
    views: dict[str, list[bytes]] = {
        "nextIndex": [batch_id],
        "batchKg": [batch_id],
        "batchStatus": [batch_id],
        "pausedUntil": [],
    }
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("eth_call", ({"to": to_hex(credit), "data": to_hex(function_data("CarbonCredit", name, given))}, "latest"))
        for name, given in views.items()
    ]
    *answers, block = await rpc.batch([*calls, ("eth_getBlockByNumber", ("latest", False))])
    position, kilograms, status, paused_until = (
        function_result("CarbonCredit", name, to_bytes(answer)) for name, answer in zip(views, answers, strict=True)
    )
    issued_kg, _, buffered_kg, _, _, spent_kg = kilograms
    is_suspended, _, is_reversed = status
    refusal = None
    if paused_until > to_int(block["timestamp"]):
        refusal = DecodedError("IsPaused", {"until": str(paused_until)})
    elif is_suspended or is_reversed:
        refusal = DecodedError("BatchIsWithheld", {"batchId": to_hex(batch_id)})
    return BatchState(position, issued_kg, buffered_kg + spent_kg), refusal


def _fail(intents: Sequence[Intent], why: dict[str, Any]) -> None:
    for intent in intents:
        intent.status, intent.failure = "failed", why


def _split(state: BatchState, terms: BatchTerms, intents: Sequence[Intent]) -> list[Share]:
    """Takes the buffer's share of each credit in turn; a credit of which nothing would be left fails."""
    shares = []
    for intent in intents:
        kg: int = intent.payload["kg"]
        buffer_kg = state.buffer_up(kg, terms.buffer_bps)
        if buffer_kg >= kg:
            why = f"The batch's buffer would take all {kg} kg of this credit; claim more at once."
            _fail([intent], failure(why, {"kg": kg, "bufferKg": buffer_kg}))
            continue
        shares.append(Share(intent, kg - buffer_kg, buffer_kg))
        state = state.after(kg, buffer_kg)
    return shares


def _issue_call(network: Network, terms: BatchTerms, position: int, shares: Sequence[Share]) -> Call:
    payloads = [share.intent.payload for share in shares]
    issuance = Issuance(
        batch_id=terms.batch_id,
        position=position,
        records_root=root_of([to_bytes(payload["recordHash"]) for payload in payloads]),
        recipients=tuple(to_bytes(payload["recipient"]) for payload in payloads),
        kg=tuple(share.net_kg for share in shares),
        credit_ids=tuple(payload["creditNumber"] for payload in payloads),
        buffer_kg=sum(share.buffer_kg for share in shares),
        deadline=terms.closes_at,  # as long as the batch takes it: the transaction may be sent again after an outage
    )
    verifier = network.custody.holder(payloads[0]["verifierIndex"])
    signature = verifier.sign(issuance_digest(network.credit_domain, issuance))
    data = function_data("CarbonCredit", "issue", [terms, issuance, signature])
    return Call(network.contracts.credit, data, BASE_GAS + GAS_PER_CREDIT * len(shares))
