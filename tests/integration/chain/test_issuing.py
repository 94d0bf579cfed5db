import pytest_asyncio
from sqlalchemy import func, select

from ledger.chain import Intent, Network, Relayer, Rpc, deploy, grant_verifier
from ledger.chain.models import Submission
from ledger.db.session import Sessions
from tests.support.chain import (
    VERIFIER,
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
    async with sessions() as session:
        issued = select(func.count()).where(Submission.purpose.startswith("issue"))
        assert await session.scalar(issued) == 1

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

    contracts = await deploy(sessions, rpc, verified.custody, network="polygon", confirmations=1)
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
