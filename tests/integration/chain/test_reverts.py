"""Reverted transactions while the chain changes its mind: what rests on one fails by it, as long as it stands."""

from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from ledger.chain import Intent, Network, Relayer, Rpc, grant_verifier, mirror
from ledger.chain.rpc import to_int
from ledger.db.session import Sessions
from ledger.kernel.errors import BlockchainUnavailable
from tests.support.chain import VERIFIER, credits_of, queue_credits, statuses, until_done

STRANGER = 7


class Reorganised(Rpc):
    """A node that goes back to a snapshot, once, when it is asked for a transaction."""

    def __init__(self, url: str, *, snapshot: str | None = None) -> None:
        super().__init__(url)
        self.snapshot = snapshot

    async def call(self, method: str, *parameters: Any) -> Any:
        if method == "eth_getTransactionByHash" and self.snapshot is not None:
            snapshot, self.snapshot = self.snapshot, None
            assert await super().call("evm_revert", snapshot)
        return await super().call(method, *parameters)


class Interrupted(Rpc):
    """A node that breaks off in the middle of a pass when told to."""

    is_broken = False

    async def batch(self, calls: Any) -> list[Any]:
        if self.is_broken and calls and calls[0][0] == "eth_getTransactionCount":
            self.is_broken = False
            raise BlockchainUnavailable("The line is dead.")
        return await super().batch(calls)


@pytest_asyncio.fixture
async def verified(sessions: Sessions, rpc: Rpc, network: Network) -> Network:
    """The network, with a verifier."""
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    return network


async def queue_refused(sessions: Sessions, network: Network) -> None:
    """A credit whose verifier is none: the chain refuses its issuance."""
    async with sessions.begin() as session:
        await queue_credits(session, network, network.custody.holder(0).address, {1: 100}, verifier_index=STRANGER)


async def only_intent(sessions: Sessions) -> Intent:
    async with sessions() as session:
        return (await session.scalars(select(Intent))).one()


async def rewind_mirror(sessions: Sessions, network: Network, to_block: int) -> None:
    async with sessions.begin() as session:
        await mirror.undo(session, network.chain_id, to_block)


async def head(rpc: Rpc) -> int:
    return to_int(await rpc.call("eth_blockNumber"))


async def test_what_failed_in_both_branches_is_failed_whoever_sees_the_reorg_first(
    sessions: Sessions, rpc: Rpc, network: Network, relayer: Relayer
) -> None:
    ancestor = await head(rpc)
    before = await rpc.call("evm_snapshot")
    await queue_refused(sessions, network)
    await until_done(relayer, sessions)
    assert await statuses(sessions) == {"failed": 1}

    assert await rpc.call("evm_revert", before)
    await until_done(relayer, sessions)
    await rewind_mirror(sessions, network, ancestor)
    assert await statuses(sessions) == {"submitted": 1}, "the mirror cannot know that it was refused again"
    await until_done(relayer, sessions)
    assert await statuses(sessions) == {"failed": 1}


async def test_a_failure_ends_with_the_receipt_that_told_of_it(
    sessions: Sessions, rpc: Rpc, network: Network, relayer: Relayer
) -> None:
    before = await rpc.call("evm_snapshot")
    await queue_refused(sessions, network)
    await until_done(relayer, sessions)
    assert (await only_intent(sessions)).status == "failed"

    assert await rpc.call("evm_revert", before)
    await relayer.run_once()
    reopened = await only_intent(sessions)
    assert (reopened.status, reopened.failure, reopened.block_number) == ("submitted", None, None)


async def test_a_reorg_while_a_refusal_is_looked_into_is_waited_out(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    async with Reorganised(rpc.url) as node:
        relayer = Relayer(sessions, node, network, database_url)
        await relayer.run_once()
        node.snapshot = await rpc.call("evm_snapshot")
        await queue_refused(sessions, network)
        with pytest.raises(BlockchainUnavailable):
            await until_done(relayer, sessions)
        assert await statuses(sessions) == {"submitted": 1}, "a receipt that is gone tells nothing"
        await until_done(relayer, sessions)
    refused = await only_intent(sessions)
    assert (refused.status, refused.failure and refused.failure["facts"]["error"]) == ("failed", "NotVerifier")


async def test_a_reorg_is_not_forgotten_when_the_line_breaks(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str
) -> None:
    async with Interrupted(rpc.url) as node:
        relayer = Relayer(sessions, node, network, database_url)
        before = await rpc.call("evm_snapshot")
        await queue_refused(sessions, network)
        await until_done(relayer, sessions)
        assert await rpc.call("evm_revert", before)
        node.is_broken = True
        with pytest.raises(BlockchainUnavailable):
            await relayer.run_once()
        await relayer.run_once()
    assert await statuses(sessions) == {"submitted": 1}


async def test_a_failure_that_a_stranger_undid_stands_again_when_a_reorg_takes_the_stranger(
    sessions: Sessions, network: Network, relayer: Relayer
) -> None:
    await queue_refused(sessions, network)
    await until_done(relayer, sessions)
    failed = await only_intent(sessions)
    assert failed.block_number is not None
    async with sessions.begin() as session:
        done = await session.get_one(Intent, failed.intent_id)
        done.status, done.block_number, done.log_index = "mined", failed.block_number + 2, 0
    await rewind_mirror(sessions, network, failed.block_number + 1)
    restored = await only_intent(sessions)
    assert (restored.status, restored.block_number, restored.log_index, restored.failure) == (
        "failed",
        failed.block_number,
        None,
        failed.failure,
    )


async def test_an_issuance_is_never_built_on_one_that_a_reorg_took(
    sessions: Sessions, rpc: Rpc, verified: Network, relayer: Relayer
) -> None:
    ann = verified.custody.holder(0).address
    before = await rpc.call("evm_snapshot")
    async with sessions.begin() as session:
        await queue_credits(session, verified, ann, {1: 100})
    await until_done(relayer, sessions)

    assert await rpc.call("evm_revert", before)
    async with sessions.begin() as session:
        await queue_credits(session, verified, ann, {2: 100})
    await until_done(relayer, sessions)
    assert await credits_of(rpc, verified, ann) == [190]
    assert await statuses(sessions) == {"submitted": 2}
