"""Handing a claim's evidence to its verifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.credits.models import Credit, Verification
from ledger.credits.rules import EvidenceType
from ledger.db.sequences import next_id
from ledger.kernel.clock import iso
from ledger.kernel.errors import Conflict, InvalidInput, NotFound
from ledger.kernel.ids import IdKind
from ledger.kernel.units import Kg


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something that the verifier can look at."""

    kind: EvidenceType
    url: str
    hash: str
    """Of what stands at the url, as the claimant states it."""
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A claim as its claimant hands it in. What is repeated of the claim must agree with it."""

    credit_id: str
    kg: Kg
    evidence: Sequence[Evidence]
    claimant: str | None = None
    """The claimant's public id."""
    source: str | None = None


async def submit(session: AsyncSession, claimant: Account, submission: Submission, moment: datetime) -> Verification:
    """Hands the claim to its verifier. The same submission again finds the first one.

    Raises:
        NotFound: there is no such claim of this account.
        InvalidInput: it says something else than the claim, or brings no evidence.
        Conflict: it was submitted with other evidence.
    """
    credit = (
        await session.execute(
            select(Credit)
            .where(Credit.credit_id == submission.credit_id, Credit.account_id == claimant.account_id)
            .with_for_update()
        )
    ).scalar_one_or_none()
    if credit is None:
        raise NotFound(f"You have no claim {submission.credit_id}.", creditId=submission.credit_id)
    _check_agreement(submission, credit, claimant)
    evidence = [_piece(each) for each in submission.evidence]
    earlier = (
        await session.execute(select(Verification).where(Verification.credit_id == credit.credit_id))
    ).scalar_one_or_none()
    if earlier is not None:
        return _same(earlier, evidence)
    verification = Verification(
        verification_id=await next_id(session, IdKind.VERIFICATION, moment),
        credit_id=credit.credit_id,
        claimant_account_id=claimant.account_id,
        verifier_account_id=credit.verifier_account_id,
        evidence=evidence,
        status="submitted",
    )
    session.add(verification)
    await session.flush()
    return verification


def _check_agreement(submission: Submission, credit: Credit, claimant: Account) -> None:
    if submission.claimant not in {None, claimant.public_id}:
        raise InvalidInput("claimantId names another account than the one that calls.", field="claimantId")
    if submission.source not in {None, credit.source}:
        raise InvalidInput(f"The claim's source is {credit.source}.", field="source", claimed=credit.source)
    if submission.kg != credit.claimed_kg:
        raise InvalidInput(
            f"The claim is for {credit.claimed_kg.tonnes} t; submit it with that amount.",
            field="amount",
            claimed=credit.claimed_kg.tonnes,
        )
    if not submission.evidence:
        raise InvalidInput("A claim is verified by its evidence; bring at least one piece.", field="evidence")


def _piece(evidence: Evidence) -> dict[str, Any]:
    return {"type": evidence.kind, "url": evidence.url, "hash": evidence.hash, "timestamp": iso(evidence.taken_at)}


def _same(earlier: Verification, evidence: list[dict[str, Any]]) -> Verification:
    if earlier.evidence != evidence:
        raise Conflict(
            f"This claim was submitted before, with other evidence, as {earlier.verification_id}.",
            verificationId=earlier.verification_id,
        )
    return earlier
