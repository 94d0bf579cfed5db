import pytest_asyncio
from sqlalchemy import func, select

from ledger.chain import Intent, Network, Relayer, Rpc, deploy, grant_verifier, queue_again
from ledger.chain.models import Submission
from ledger.db.session import Sessions
from ledger.kernel.finality import AT_ONCE
from tests.support.chain import (
    VERIFIER,
    act,
    batch_terms,
    credits_of,
    queue_credits,
    queue_transfer,
    read,
    statuses,
    until_done,
)

STRANGER = 7


@pytest_asyncio.fixture
async def verified(sessions: Sessions, rpc: Rpc, network: Network) -> Network:
    """The network, with a verifier."""
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    return network


async def test_queued_credits_are_issued_together_net_of_the_batchs_buffer(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer
) -> None:
    ann, bob = verified.custody.holder(0).address, verified.custody.holder(1).address
    async with sessions.begin() as session:
        await queue_credits(session, verified, ann, {1: 990, 2: 10})
        await queue_credits(session, verified, bob, {3: 101})
    await until_done(relayer, sessions)

    # 5 % of 990 is 49.5, so 50; of 1,000 it is 50, so nothing of the second; of 1,101 it is 55.05, so 6 of the third.
    assert await credits_of(rpc, verified, ann, bob, verified.contracts.credit) == [940 + 10, 95, 56]
    assert await _issuances(sessions) == 1

    async with sessions.begin() as session:
        await queue_credits(session, verified, ann, {4: 19})
    await until_done(relayer, sessions)
    assert await credits_of(rpc, verified, ann) == [940 + 10 + 19]
    batch_id = batch_terms(verified).batch_id
    assert await read(rpc, "CarbonCredit", verified.contracts.credit, "nextIndex", batch_id) == 2


async def test_an_issuance_that_the_chain_refuses_fails_its_credits_and_says_why(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer
) -> None:
    holder = verified.custody.holder(0).address
    stranger = verified.custody.holder(STRANGER).address
    async with sessions.begin() as session:
        await queue_credits(session, verified, holder, {1: 100}, verifier_index=STRANGER)
        await queue_credits(session, verified, holder, {2: 100})
    await until_done(relayer, sessions)

    async with sessions() as session:
        refused = (await session.scalars(select(Intent).where(Intent.status == "failed"))).one()
    assert refused.payload["creditId"] == "CRD-2025-000001"
    assert refused.block_number is not None
    assert refused.failure is not None
    assert refused.failure["facts"] == {"error": "NotVerifier", "account": "0x" + stranger.hex()}
    assert await credits_of(rpc, verified, holder) == [95]


async def test_into_a_suspended_batch_nothing_is_issued_until_it_is_asked_for_again(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer
) -> None:
    holder, doubted = verified.custody.holder(0).address, batch_terms(verified)
    async with sessions.begin() as session:
        await queue_credits(session, verified, holder, {1: 100})
    await until_done(relayer, sessions)
    await act(sessions, rpc, verified, "guardian", "suspend", doubted.batch_id)
    sent = await _issuances(sessions)

    async with sessions.begin() as session:
        await queue_credits(session, verified, holder, {2: 100, 3: 100})
        await queue_credits(session, verified, holder, {4: 100}, terms=batch_terms(verified, source=b"tree_planting"))
    await until_done(relayer, sessions)
    refused = await _failed(sessions)
    assert [intent.payload["creditId"] for intent in refused] == ["CRD-2025-000002", "CRD-2025-000003"]
    assert [intent.failure and intent.failure["facts"] for intent in refused] == 2 * [
        {"error": "BatchIsWithheld", "batchId": "0x" + doubted.batch_id.hex()}
    ]
    assert await credits_of(rpc, verified, holder) == [95 + 95]
    assert await _issuances(sessions) == sent + 1, "for what is refused in any case nothing is spent"

    await act(sessions, rpc, verified, "deployer", "unsuspend", doubted.batch_id)
    await _ask_again(sessions)
    await until_done(relayer, sessions)
    assert await credits_of(rpc, verified, holder) == [4 * 95]


async def test_while_paused_issuing_fails_and_says_until_when(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer
) -> None:
    holder = verified.custody.holder(0).address
    await act(sessions, rpc, verified, "guardian", "pause")
    async with sessions.begin() as session:
        await queue_credits(session, verified, holder, {1: 100})
    await until_done(relayer, sessions)
    (refused,) = await _failed(sessions)
    assert refused.failure is not None
    assert refused.failure["facts"]["error"] == "IsPaused"
    until = await read(rpc, "CarbonCredit", verified.contracts.credit, "pausedUntil")
    assert refused.failure["facts"]["until"] == str(until)
    assert await credits_of(rpc, verified, holder) == [0]

    await act(sessions, rpc, verified, "deployer", "unpause")
    await _ask_again(sessions)
    await until_done(relayer, sessions)
    assert await credits_of(rpc, verified, holder) == [95]


async def test_the_guardian_pauses_the_market_too(sessions: Sessions, rpc: Rpc, network: Network) -> None:
    await act(sessions, rpc, network, "guardian", "pause", contract="CarbonMarket")
    until = await read(rpc, "CarbonMarket", network.contracts.market, "pausedUntil")
    assert isinstance(until, int)
    assert until > 0


async def test_a_credit_that_the_buffer_would_swallow_fails_alone(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer
) -> None:
    holder = verified.custody.holder(0).address
    async with sessions.begin() as session:
        await queue_credits(session, verified, holder, {1: 1, 2: 100})
    await until_done(relayer, sessions)

    assert await credits_of(rpc, verified, holder) == [95]
    assert await statuses(sessions) == {"failed": 1, "submitted": 1}


async def test_after_a_reorg_what_stands_on_issued_credits_waits_for_them(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer
) -> None:
    ann, bob, cid = (verified.custody.holder(index) for index in range(3))
    before = await rpc.call("evm_snapshot")
    await _issue_and_pass_on(sessions, verified, relayer)
    assert await credits_of(rpc, verified, ann.address, bob.address, cid.address) == [0, 0, 95]

    assert await rpc.call("evm_revert", before)
    await until_done(relayer, sessions)
    assert await credits_of(rpc, verified, ann.address, bob.address, cid.address) == [0, 0, 95]


async def test_an_emptied_chain_is_rebuilt_by_a_restart_contracts_first(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer, database_url: str
) -> None:
    await _issue_and_pass_on(sessions, verified, relayer)
    holders = [verified.custody.holder(index).address for index in range(3)]
    await _empty(rpc)

    contracts = await deploy(sessions, rpc, verified.custody, network="polygon", finality=AT_ONCE)
    assert contracts == verified.contracts
    await until_done(Relayer(sessions, rpc, verified, database_url), sessions)
    assert await credits_of(rpc, verified, *holders) == [0, 0, 95]


async def _issue_and_pass_on(sessions: Sessions, network: Network, relayer: Relayer) -> None:
    """A credit is issued, and handed on twice: three senders' transactions, each standing on the one before."""
    ann, bob, cid = (network.custody.holder(index) for index in range(3))
    async with sessions.begin() as session:
        await queue_credits(session, network, ann.address, {1: 100})
    await until_done(relayer, sessions)
    for giver, taker in ((ann, bob), (bob, cid)):
        async with sessions.begin() as session:
            await queue_transfer(session, network, giver, taker.address, 95)
        await until_done(relayer, sessions)


async def _empty(rpc: Rpc) -> None:
    """The chain as it was before anything was sent to it, its genesis block the same."""
    head = int(await rpc.call("eth_blockNumber"), 16)
    await rpc.call("anvil_rollback", head)


async def _failed(sessions: Sessions) -> list[Intent]:
    async with sessions() as session:
        failed = select(Intent).where(Intent.status == "failed").order_by(Intent.intent_id)
        return list(await session.scalars(failed))


async def _ask_again(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        for intent in await session.scalars(select(Intent).where(Intent.status == "failed")):
            await queue_again(session, intent)


async def _issuances(sessions: Sessions) -> int:
    """How many issuances were ever sent."""
    async with sessions() as session:
        issued = select(func.count()).where(Submission.purpose.startswith("issue"))
        return await session.scalar(issued) or 0
