"""Claims: what is claimed, what is carried, who verifies, and what is refused without a trace."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from ledger.accounts import Account
from ledger.credits import Earned, EvidenceUsed, InvalidClaim, NoVerifierAvailable
from ledger.kernel.errors import InvalidCreditSource
from ledger.kernel.units import MG_PER_KG, Kg
from tests.integration.credits.desk import Desk


async def test_a_solar_export_is_claimed_with_the_basis_it_rests_on(
    desk: Desk, household: Account, verifier: Account
) -> None:
    earned = await desk.earn(household, "2000")
    assert earned.credit.claimed_kg == Kg(1000)
    assert earned.credit.status == "pending_verification"
    assert earned.verifier == verifier.public_id
    assert earned.credit.basis == {
        "action": "solar_generation",
        "kgPerUnit": "0.5",
        "factorId": None,
        "reference": "WIA Carbon Credit Micro, table of actions",
        "edition": "v1.0",
        "carriedInMg": 0,
    }
    assert await desk.told("credit.earned") == 1


async def test_saved_energy_is_worth_what_its_grid_emits(desk: Desk, household: Account) -> None:
    saved: dict[str, Any] = {"source": "energy_efficiency"}
    korean = await desk.earn(household, "1000", **saved, country="KR")
    assert (korean.credit.claimed_kg, korean.credit.basis["factorId"]) == (Kg(459), "wia-1.0:grid_kr")
    european = await desk.earn(household, "1000", **saved, country="KR", region="EU")
    assert (european.credit.claimed_kg, european.credit.basis["factorId"]) == (Kg(295), "wia-1.0:grid_eu")
    chosen = await desk.earn(household, "1000", **saved, factor_id="wia-1.0:grid_in")
    assert (chosen.credit.claimed_kg, chosen.credit.basis["kgPerUnit"]) == (Kg(708), "0.708")


async def test_a_factor_that_counts_no_kilowatt_hours_saves_no_energy(desk: Desk, household: Account) -> None:
    with pytest.raises(InvalidClaim):
        await desk.earn(household, "1000", source="energy_efficiency", factor_id="wia-1.0:food_beef")


async def test_three_exports_of_a_bit_more_than_a_kilogram_make_four(desk: Desk, household: Account) -> None:
    claimed = [int((await desk.earn(household, "2.8")).credit.claimed_kg) for _ in range(3)]  # 1.4 kg each
    assert claimed == [1, 1, 2]
    assert await desk.carried_mg(household) == 200_000


async def test_each_source_carries_its_own_fraction(desk: Desk, household: Account) -> None:
    await desk.earn(household, "3")  # 1.5 kg of solar export
    bus = await desk.earn(household, "10", source="public_transit")  # 1.5 kg of bus rides
    assert (bus.credit.claimed_kg, bus.carried_kg) == (Kg(1), Decimal("0.5"))


async def test_eight_exports_at_once_lose_nothing_and_count_nothing_twice(desk: Desk, household: Account) -> None:
    await asyncio.gather(*(desk.earn(household, "2.6") for _ in range(8)))  # 1.3 kg each
    claimed_mg = sum(int(each.claimed_kg) for each in await desk.claims(household)) * MG_PER_KG
    assert (claimed_mg, await desk.carried_mg(household)) == (10_000_000, 400_000)


async def test_a_claim_below_a_kilogram_is_refused_and_leaves_what_is_carried(desk: Desk, household: Account) -> None:
    await desk.earn(household, "3")
    with pytest.raises(InvalidClaim):
        await desk.earn(household, "0.8", proof="ipfs://QmSmall")
    assert await desk.carried_mg(household) == 500_000
    assert len(await desk.claims(household)) == 1
    assert (await desk.earn(household, "1", proof="ipfs://QmSmall")).credit.claimed_kg == Kg(1)


async def test_the_fraction_of_a_rejected_claim_is_made_up_for(
    desk: Desk, household: Account, verifier: Account
) -> None:
    false = await desk.earn(household, "3.8")  # 1.9 kg
    honest = await desk.earn(household, "2.2")  # 1.1 kg, and the .9 kg of the claim before: 2 kg
    assert honest.credit.claimed_kg == Kg(2)
    await desk.decide(verifier, await desk.submit(household, false.credit), approved=False)
    assert await desk.carried_mg(household) == -900_000
    later = await desk.earn(household, "4")
    assert (later.credit.claimed_kg, later.carried_kg) == (Kg(1), Decimal("0.1"))


async def test_a_rejected_claim_gives_back_what_it_had_taken_along(
    desk: Desk, household: Account, verifier: Account
) -> None:
    await desk.earn(household, "3.8")  # leaves .9 kg
    false = await desk.earn(household, "2.2")  # takes them along
    await desk.decide(verifier, await desk.submit(household, false.credit), approved=False)
    assert await desk.carried_mg(household) == 900_000


async def test_a_claim_that_was_cut_carries_nothing_on(desk: Desk, household: Account, verifier: Account) -> None:
    await desk.earn(household, "3.8")  # leaves .9 kg
    large = await desk.earn(household, "21.2")  # 10.6 kg, and the .9: 11 kg, and .5 carried on
    await desk.decide(verifier, await desk.submit(household, large.credit), kg=5)
    assert await desk.carried_mg(household) == 900_000


async def test_the_same_evidence_is_claimed_once_by_anybody(desk: Desk, household: Account) -> None:
    await desk.earn(household, "2000", proof="ipfs://QmRoof")
    stranger = await desk.account()
    with pytest.raises(EvidenceUsed) as refused:
        await desk.earn(stranger, "2000", proof="ipfs://QmRoof")
    assert household.public_id not in str(refused.value) + str(refused.value.facts)
    assert await desk.claims(stranger) == []


async def test_the_same_evidence_in_eight_claims_at_once_makes_one(desk: Desk, household: Account) -> None:
    people = [await desk.account() for _ in range(7)] + [household]
    attempts = (desk.earn(each, "2000", proof="ipfs://QmRoof") for each in people)
    made = [each for each in await asyncio.gather(*attempts, return_exceptions=True) if isinstance(each, Earned)]
    assert len(made) == 1
    assert await desk.told("credit.earned") == 1


async def test_claims_go_to_the_verifier_with_the_fewest_undecided(desk: Desk, household: Account) -> None:
    await desk.account("verifier")
    assigned = [(await desk.earn(household, "2000")).verifier for _ in range(4)]
    assert assigned[0] != assigned[1]
    assert assigned[:2] == assigned[2:]


async def test_nobody_verifies_their_own_claim(desk: Desk, verifier: Account) -> None:
    with pytest.raises(NoVerifierAvailable):
        await desk.earn(verifier, "2000")
    other = await desk.account("verifier")
    assert (await desk.earn(verifier, "2000")).verifier == other.public_id


async def test_a_source_that_nobody_knows_leaves_nothing(desk: Desk, household: Account) -> None:
    with pytest.raises(InvalidCreditSource):
        await desk.earn(household, "2000", source="alchemy")
    assert await desk.claims(household) == []
