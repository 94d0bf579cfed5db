"""Verification: who hands in, who sees, who decides, and what a decision leaves behind."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import rfc8785

from ledger.accounts import Account
from ledger.credits import Credit, Decision, Evidence, Submission, VerificationView, decide, submit, verification
from ledger.credits.verdict import decision_record
from ledger.kernel.errors import CcmError, Conflict, InsufficientPermissions, InvalidInput, NotFound
from ledger.kernel.units import Kg
from tests.integration.credits.desk import NOON, Desk


@pytest.fixture
async def claim(desk: Desk, household: Account) -> Credit:
    return (await desk.earn(household, "2000")).credit


async def seen_by(desk: Desk, viewer: Account, verification_id: str) -> VerificationView:
    async with desk.sessions() as session:
        return await verification(session, viewer, verification_id)


async def test_an_approval_can_be_proven_from_what_is_stored(
    desk: Desk, household: Account, verifier: Account, claim: Credit
) -> None:
    decided = await desk.decide(verifier, await desk.submit(household, claim), kg=900)
    seen = await seen_by(desk, household, decided.verification_id)
    assert (seen.verification.status, seen.credit.status, seen.credit.verified_kg) == ("approved", "verified", Kg(900))
    record = decision_record(seen.credit, seen.verification, seen.claimant, seen.verifier)
    assert seen.verification.record_hash == hashlib.sha256(rfc8785.dumps(dict(record))).digest()
    assert (record["approvedKg"], record["confidence"], record["evidence"]) == (900, "0.95", seen.verification.evidence)
    assert await desk.told("credit.verified") == 1


async def test_claimant_verifier_and_operator_see_it_and_nobody_else(
    desk: Desk, household: Account, verifier: Account, claim: Credit
) -> None:
    submitted = await desk.submit(household, claim)
    for viewer in (household, verifier, await desk.account("operator")):
        assert (await seen_by(desk, viewer, submitted.verification_id)).credit.credit_id == claim.credit_id
    for stranger in (await desk.account(), await desk.account("company"), await desk.account("verifier")):
        with pytest.raises(NotFound):
            await seen_by(desk, stranger, submitted.verification_id)


async def test_the_same_submission_again_is_the_first_one(desk: Desk, household: Account, claim: Credit) -> None:
    submitted = await asyncio.gather(*(desk.submit(household, claim) for _ in range(4)))
    assert len({each.verification_id for each in submitted}) == 1
    with pytest.raises(Conflict):
        await desk.submit(household, claim, "photo")


async def test_a_submission_says_what_the_claim_says(desk: Desk, household: Account, claim: Credit) -> None:
    piece = Evidence(kind="photo", url="ipfs://Qm1", hash="00", taken_at=NOON)
    right = Submission(credit_id=claim.credit_id, kg=claim.claimed_kg, evidence=[piece])
    wrong: list[tuple[Submission, type[CcmError]]] = [
        (replace(right, kg=Kg(999)), InvalidInput),
        (replace(right, source="tree_planting"), InvalidInput),
        (replace(right, claimant="USER-2025-999"), InvalidInput),
        (replace(right, evidence=[]), InvalidInput),
        (replace(right, credit_id="CRD-2020-999999"), NotFound),
    ]
    for submission, refusal in wrong:
        async with desk.sessions.begin() as session:
            with pytest.raises(refusal):
                await submit(session, household, submission, NOON)
    stranger = await desk.account()
    async with desk.sessions.begin() as session:
        with pytest.raises(NotFound):
            await submit(session, stranger, right, NOON)


async def test_only_the_assigned_verifier_decides(desk: Desk, household: Account, claim: Credit) -> None:
    submitted = await desk.submit(household, claim)
    for outsider in (household, await desk.account("operator")):
        with pytest.raises(InsufficientPermissions):
            await desk.decide(outsider, submitted)
    with pytest.raises(NotFound):
        await desk.decide(await desk.account("verifier"), submitted)
    assert (await seen_by(desk, household, submitted.verification_id)).verification.status == "submitted"


async def test_a_claim_is_decided_once_however_many_try(
    desk: Desk, household: Account, verifier: Account, claim: Credit
) -> None:
    submitted = await desk.submit(household, claim)
    attempts = (desk.decide(verifier, submitted, approved=each % 2 == 0) for each in range(6))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(each) for each in outcomes if isinstance(each, Exception)] == [Conflict] * 5
    assert await desk.told("credit.verified") == 1


async def test_no_more_than_was_claimed_is_approved(
    desk: Desk, household: Account, verifier: Account, claim: Credit
) -> None:
    submitted = await desk.submit(household, claim)
    with pytest.raises(InvalidInput):
        await desk.decide(verifier, submitted, kg=1001)
    assert (await desk.decide(verifier, submitted, kg=1000)).status == "approved"


@pytest.mark.parametrize("confidence", ["-0.01", "1.01"])
async def test_a_confidence_is_a_share(
    desk: Desk, household: Account, verifier: Account, claim: Credit, confidence: str
) -> None:
    submitted = await desk.submit(household, claim)
    nonsense = Decision(approved=True, confidence=Decimal(confidence))
    async with desk.sessions.begin() as session:
        with pytest.raises(InvalidInput):
            await decide(session, verifier, submitted.verification_id, nonsense, datetime(2025, 2, 1, tzinfo=UTC))
