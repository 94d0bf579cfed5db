"""Turning a verified claim into credits on chain: an intent that the issuer's lane carries out."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.chain import BatchTerms, Intent, Network, credit_ref, issue_payload, queue, queue_again
from ledger.credits import rules
from ledger.credits.models import Credit, Verification
from ledger.kernel.errors import CreditVerificationFailed, InvalidInput, NotFound, WalletNotConnected
from ledger.kernel.units import Kg


@dataclass(frozen=True, slots=True)
class Issued:
    """A credit on its way to the chain, or there."""

    credit: Credit
    intent: Intent
    kg: Kg
    """What was verified, buffer included."""


async def issue(session: AsyncSession, network: Network, owner: Account, credit_id: str, network_name: str) -> Issued:
    """Has a verified credit issued to its owner, once for ever. Asked again, it finds the first time.

    What the chain had refused, a day's cap being reached, say, is tried again.

    Raises:
        InvalidInput: a network that is not served here.
        NotFound: there is no such claim of this account.
        CreditVerificationFailed: no verifier approved it.
        WalletNotConnected: the account has no address to receive it.
    """
    if network_name != network.name:
        raise InvalidInput(
            f"Credits are issued on {network.name} here, not on {network_name!r}.",
            field="network",
            known=(network.name,),
        )
    credit, verification = await _lock(session, owner, credit_id)
    if verification is None or credit.verified_kg is None or verification.record_hash is None:
        raise CreditVerificationFailed(
            "This claim was not approved by a verifier, so nothing can be issued for it.",
            creditId=credit_id,
            creditStatus=credit.status,
        )
    if credit.intent_id is not None:
        first = select(Intent).where(Intent.intent_id == credit.intent_id).with_for_update()
        intent = (await session.execute(first)).scalar_one()  # locked: the mirror may be closing it
        if intent.status == "failed":
            await queue_again(session, intent)
        return Issued(credit, intent, credit.verified_kg)
    if owner.wallet is None:
        raise WalletNotConnected("This account has no wallet to receive credits; connect one first.")
    verifier = (
        await session.execute(select(Account).where(Account.account_id == credit.verifier_account_id))
    ).scalar_one()
    if verifier.custody_index is None:
        raise AssertionError("a claim was assigned to a verifier who cannot sign")
    intent = await queue(
        session,
        Intent(
            chain_id=network.chain_id,
            kind="issue",
            ref=credit_ref(credit_id),
            account_id=owner.account_id,
            lane="issuer",
            payload=issue_payload(
                _terms(credit, verification, verifier),
                recipient=owner.wallet,
                kg=credit.verified_kg,
                credit_id=credit_id,
                record_hash=verification.record_hash,
                verifier_index=verifier.custody_index,
            ),
        ),
    )
    credit.intent_id, credit.network = intent.intent_id, network.name
    await session.flush()
    return Issued(credit, intent, credit.verified_kg)


async def _lock(session: AsyncSession, owner: Account, credit_id: str) -> tuple[Credit, Verification | None]:
    """The claim, locked, with its verification."""
    found = (
        await session.execute(
            select(Credit, Verification)
            .outerjoin(Verification, Verification.credit_id == Credit.credit_id)
            .where(Credit.credit_id == credit_id, Credit.account_id == owner.account_id)
            .with_for_update(of=Credit)
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"You have no claim {credit_id}.", creditId=credit_id)
    return found[0], found[1]


def _terms(credit: Credit, verification: Verification, verifier: Account) -> BatchTerms:
    """The batch that the credit belongs to: its source, year, verifier, level and country."""
    if verifier.wallet is None:
        raise AssertionError("a claim was assigned to a verifier who cannot sign")
    vintage = rules.vintage_of(credit.occurred_at)
    return BatchTerms(
        source=credit.source.encode().ljust(32, b"\0"),
        vintage_start=int(vintage.start.timestamp()),
        vintage_end=int(vintage.end.timestamp()),
        verifier=verifier.wallet,
        level=rules.level_of(verification.evidence),
        country=credit.country.encode(),
        closes_at=int(vintage.closes_at.timestamp()),
        buffer_bps=rules.buffer_bps(rules.known_source(credit.source)),
    )
