"""Retiring credits for ever: signed with the holder's custody key, carried by the relayer."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.chain import (
    FOREVER,
    Intent,
    Network,
    authorization_ref,
    function_data,
    lock_position,
    queue,
    relay_payload,
    retire_digest,
)
from ledger.chain import Retirement as SignedRetirement
from ledger.credits import rules
from ledger.credits.available import Reserved, available_kg
from ledger.credits.commitment import commitment
from ledger.credits.models import Retirement
from ledger.credits.store import attributable_kg, batches_needed
from ledger.db.sequences import next_id
from ledger.kernel.errors import InsufficientCredits, InvalidInput, WalletNotConnected
from ledger.kernel.ids import IdKind
from ledger.kernel.units import Kg

GAS_BASE = 200_000
"""The signature, the nonce, the burn and the event."""
GAS_PER_BATCH = 50_000
"""Moving kilograms of one batch from circulating to retired, and unlinking it when it is empty."""
SPARE_BATCHES = 8
"""Others may empty or open batches before the chain gets to it."""
MOST_BATCHES = 200
"""What fits into one transaction with room for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementRequest:
    """What a holder wants retired, and why."""

    kg: Kg
    reason: str
    period: str | None = None
    """The accounting period that it counts for: a year or a month."""
    note: str | None = None
    beneficiary: str | None = None
    """Who it is for, to be shown on the certificate."""


async def retire(
    session: AsyncSession,
    network: Network,
    holder: Account,
    request: RetirementRequest,
    *,
    reserved: Reserved,
    moment: datetime,
) -> Retirement:
    """Retires credits out of the batches that stand first in the token's list. It cannot be undone.

    The signature has no end: who retires wants it done, be it after an outage.

    Raises:
        InvalidInput: an unknown reason or period, or too many small batches for one transaction.
        WalletNotConnected: the account has no wallet that can sign here.
        InsufficientCredits: more than is available, or than the eligible batches can give.
    """
    reason, period = rules.reason_code(request.reason), rules.accounting_period(request.period)
    if holder.wallet is None or holder.custody_index is None:
        raise WalletNotConnected(
            "This account has no wallet that can sign here; retire from your own wallet on chain.",
        )
    await lock_position(session, network.chain_id, holder.wallet)
    await _check_available(session, network.chain_id, holder.wallet, request.kg, reserved)
    max_batches = await batches_needed(session, network.chain_id, request.kg) + SPARE_BATCHES
    if max_batches > MOST_BATCHES:
        raise InvalidInput("This would draw from too many batches at once; retire it in smaller parts.", field="amount")
    nonce, salt = secrets.token_bytes(32), secrets.token_bytes(32)
    signed = SignedRetirement(
        kg=int(request.kg),
        batch_ids=(),
        earliest_vintage=0,
        commitment=commitment(
            chain_id=network.chain_id,
            contract=network.contracts.credit,
            holder=holder.wallet,
            nonce=nonce,
            salt=salt,
            beneficiary=request.beneficiary or "",
        ),
        reason=reason,
        period=period,
        nonce=nonce,
    )
    intent = await _queue(session, network, holder, signed, max_batches)
    retirement = Retirement(
        retirement_id=await next_id(session, IdKind.RETIREMENT, moment),
        account_id=holder.account_id,
        ref=intent.ref,
        nonce=nonce,
        kg=request.kg,
        reason=request.reason,
        period=period,
        note=request.note,
        beneficiary=request.beneficiary,
        salt=salt,
        intent_id=intent.intent_id,
    )
    session.add(retirement)
    await session.flush()
    return retirement


async def _check_available(session: AsyncSession, chain_id: int, holder: bytes, kg: Kg, reserved: Reserved) -> None:
    """Refuses what the holder has promised already, and what no batch may give at the moment."""
    available = await available_kg(session, chain_id, holder, reserved)
    if kg > available:
        raise InsufficientCredits(
            f"{available.tonnes} t are available, {kg.tonnes} t were to be retired.",
            available=available.tonnes,
            requested=kg.tonnes,
        )
    attributable = await attributable_kg(session, chain_id)
    if kg > attributable:
        raise InsufficientCredits(
            f"Only {attributable.tonnes} t can be retired now, {kg.tonnes} t were to be: the other batches are "
            "suspended or reversed. Your credits stay yours; retire the rest once a batch is eligible again.",
            available=available.tonnes,
            attributable=attributable.tonnes,
            requested=kg.tonnes,
        )


async def _queue(
    session: AsyncSession, network: Network, holder: Account, signed: SignedRetirement, max_batches: int
) -> Intent:
    if holder.wallet is None or holder.custody_index is None:
        raise AssertionError("only a custody wallet signs here")
    digest = retire_digest(network.credit_domain, holder.wallet, signed, 0, FOREVER)
    signature = network.custody.holder(holder.custody_index).sign(digest)
    data = function_data(
        "CarbonCredit", "retireWithAuthorization", [holder.wallet, signed, 0, FOREVER, max_batches, signature]
    )
    return await queue(
        session,
        Intent(
            chain_id=network.chain_id,
            kind="retire",
            ref=authorization_ref(holder.wallet, signed.nonce),
            account_id=holder.account_id,
            holder=holder.wallet,
            debit_kg=Kg(signed.kg),
            lane="relay",
            payload=relay_payload(network.contracts.credit, data, GAS_BASE + max_batches * GAS_PER_BATCH),
        ),
    )
