"""Issuing: a verified claim becomes one intent with everything that the chain needs to know, once."""

import asyncio

import pytest
from sqlalchemy import update

from ledger.accounts import Account
from ledger.chain import Intent, credit_ref
from ledger.kernel.errors import CreditVerificationFailed, InvalidInput, NotFound
from tests.integration.credits.desk import Desk


async def test_the_chain_is_told_batch_owner_and_reason(desk: Desk, household: Account, verifier: Account) -> None:
    credit = await desk.verified(household, verifier, country="KR")
    issued = await desk.issue(household, credit.credit_id)
    (intent,) = await desk.intents()
    assert (intent.kind, intent.lane, intent.ref) == ("issue", "issuer", credit_ref(credit.credit_id))
    assert intent.payload["recipient"] == f"0x{household.wallet.hex() if household.wallet else ''}"
    assert (intent.payload["kg"], intent.payload["creditId"]) == (1000, credit.credit_id)
    assert intent.payload["verifierIndex"] == verifier.custody_index
    assert bytes.fromhex(intent.payload["recordHash"][2:]) == await desk.record_hash(credit.credit_id)
    source, start, end, signer, level, country, closes_at, buffer_bps = intent.payload["terms"]
    assert bytes.fromhex(source[2:]).rstrip(b"\0") == b"renewable_energy"
    assert (start, end, closes_at) == (1_704_067_200, 1_735_689_600, 2_051_222_400)  # 2024, closed ten years later
    assert signer == f"0x{verifier.wallet.hex() if verifier.wallet else ''}"
    assert (level, bytes.fromhex(country[2:]), buffer_bps) == (2, b"KR", 0)
    assert issued.intent.intent_id == intent.intent_id


async def test_planted_trees_keep_a_tenth_in_the_buffer(desk: Desk, household: Account, verifier: Account) -> None:
    credit = await desk.verified(household, verifier, "10", source="tree_planting")
    await desk.issue(household, credit.credit_id)
    (intent,) = await desk.intents()
    assert (intent.payload["kg"], intent.payload["terms"][-1]) == (250, 1000)


async def test_a_credit_is_queued_once_however_often_it_is_asked_for(
    desk: Desk, household: Account, verifier: Account
) -> None:
    credit = await desk.verified(household, verifier)
    issued = await asyncio.gather(*(desk.issue(household, credit.credit_id) for _ in range(6)))
    assert len({each.intent.intent_id for each in issued}) == 1
    assert len(await desk.intents()) == 1


async def test_what_the_chain_refused_is_tried_again(desk: Desk, household: Account, verifier: Account) -> None:
    credit = await desk.verified(household, verifier)
    await desk.issue(household, credit.credit_id)
    async with desk.sessions.begin() as session:
        await session.execute(update(Intent).values(status="failed", failure={"code": "4002"}, block_number=7))
    await desk.issue(household, credit.credit_id)
    (intent,) = await desk.intents()
    assert (intent.status, intent.failure, intent.block_number) == ("queued", None, None)


async def test_what_the_chain_did_after_all_is_not_tried_again_however_close_the_request(
    desk: Desk, household: Account, verifier: Account
) -> None:
    credit = await desk.verified(household, verifier)
    await desk.issue(household, credit.credit_id)
    async with desk.sessions.begin() as session:
        await session.execute(update(Intent).values(status="failed", failure={"code": "4002"}, block_number=7))
    async with desk.sessions.begin() as mirror:
        await mirror.execute(update(Intent).values(status="mined", block_number=8))
        asked = asyncio.create_task(desk.issue(household, credit.credit_id))
        await asyncio.wait([asked], timeout=0.5)
    assert (await asked).intent.status == "mined"
    (intent,) = await desk.intents()
    assert (intent.status, intent.block_number) == ("mined", 8)


async def test_an_unverified_or_a_rejected_claim_is_not_issued(
    desk: Desk, household: Account, verifier: Account
) -> None:
    claim = (await desk.earn(household, "2000")).credit
    with pytest.raises(CreditVerificationFailed):
        await desk.issue(household, claim.credit_id)
    submitted = await desk.submit(household, claim)
    with pytest.raises(CreditVerificationFailed):
        await desk.issue(household, claim.credit_id)
    await desk.decide(verifier, submitted, approved=False)
    with pytest.raises(CreditVerificationFailed):
        await desk.issue(household, claim.credit_id)
    assert await desk.intents() == []


async def test_only_the_owner_has_a_credit_issued(desk: Desk, household: Account, verifier: Account) -> None:
    credit = await desk.verified(household, verifier)
    with pytest.raises(NotFound):
        await desk.issue(await desk.account(), credit.credit_id)


@pytest.mark.parametrize("network", ["ethereum", "dogecoin", ""])
async def test_another_network_is_refused_with_the_name_of_the_known_one(
    desk: Desk, household: Account, verifier: Account, network: str
) -> None:
    credit = await desk.verified(household, verifier)
    with pytest.raises(InvalidInput) as refused:
        await desk.issue(household, credit.credit_id, network)
    assert refused.value.facts["known"] == ("polygon",)
