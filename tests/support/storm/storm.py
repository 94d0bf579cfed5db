"""The storm: a chain that forks, a node that has bad days, a database that hangs up, and indexers that are killed."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web
from sqlalchemy import func, select, update

from ccm.stack.postgres import EmbeddedPostgres
from indexer import store
from ledger.chain import Custody, Intent, Network, Rpc, deploy, grant_verifier, load_network
from ledger.chain.models import Chain, Submission
from ledger.chain.rpc import to_bytes, to_int
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.faults import FaultPoint
from ledger.kernel.finality import Finality
from tests.support.chain import SEED, VERIFIER
from tests.support.indexing import CHAIN_ID, make_indexer
from tests.support.rpc_double import Asked, Fault, RpcDouble
from tests.support.rpc_faults import FAULTS, LASTING
from tests.support.stack import TEMPLATE
from tests.support.storm.acts import Act, Actors
from tests.support.storm.databases import Rows, StormDatabase, differences
from tests.support.storm.forks import Call, ForkingChain
from tests.support.storm.indexers import Indexers
from tests.support.verifying import drifts

WINDOW = 12
FINALITY = Finality(depth=3)
"""Shallower than what reorgs take back: what was confirmed is withdrawn now and then."""
PATIENCE_SECONDS = 30
STILL_SECONDS = 0.2
"""Longer than an indexer takes for a chunk."""
HIDDEN_BELOW_FINALITY = {"loses all logs"}
"""Down there a node that hides logs is not found out by a header's bloom, but by `ccm verify` only."""
UNDELIVERED = bytes(20)
"""The sender of submissions that nobody delivers: the storm sends them itself."""


@dataclass(frozen=True, slots=True)
class Block:
    """What comes into a block, and how long after the last."""

    acts: tuple[Act, ...]
    seconds: int


class Storm:
    """Everything that can happen, a method for each kind of step; and what must hold when it is quiet."""

    def __init__(
        self,
        rpc: Rpc,
        network: Network,
        node: RpcDouble,
        *,
        followed: StormDatabase,
        fresh: StormDatabase,
        folder: Path,
    ) -> None:
        self._rpc = rpc
        self._network = network
        self._node = node
        self._followed = followed
        self._fresh = fresh
        self._actors = Actors(rpc, network)
        self._chain = ForkingChain(rpc, WINDOW)
        self._indexers = Indexers(folder, database_url=followed.url, rpc_url=node.url, window=WINDOW)
        self._submissions = 0

    async def begin(self) -> None:
        """Once: remembers what every story begins with."""
        await self._chain.begin()
        for database in (self._followed, self._fresh):
            await database.begin()

    async def start_over(self) -> None:
        """Goes back to where every story begins: nothing is indexed, and one indexer runs."""
        self._indexers.kill_all()
        self._node.heal()
        await self._followed.start_over()
        await self._chain.start_over()
        self._submissions = 0
        self._indexers.look_after()

    def end(self) -> None:
        """Leaves nothing running."""
        self._indexers.kill_all()

    # --- The chain -------------------------------------------------------------------------------

    async def mine(self, blocks: Sequence[Block]) -> None:
        """Blocks come, one after the other."""
        for block in blocks:
            calls = await self._actors.calls(block.acts)
            sent = await self._chain.send(calls)
            await self._submit(calls, sent)
            await self._chain.mine(block.seconds)

    async def reorg(self, depth: int, instead: Sequence[Block]) -> None:
        """The newest blocks are dropped, and others come: as many, more, or fewer."""
        await self._chain.drop(depth)
        await self.mine(instead)

    # --- The node --------------------------------------------------------------------------------

    async def node_fails(self, fault: str, times: int | None) -> None:
        """A fault of the node in the place of the last one, for some requests or until the storm is over."""
        made = (FAULTS | LASTING)[fault]()
        self._indexers.may_stop |= fault in LASTING
        self._node.heal()
        self._node.play(self._above_finality(made) if fault in HIDDEN_BELOW_FINALITY else made, times)

    def _above_finality(self, fault: Fault) -> Fault:
        """The fault, for requests only whose every block is shown by its header."""

        async def strike(asked: Asked) -> web.StreamResponse | None:
            lowest = hex(self._chain.highest - WINDOW)
            asked_from = [call["params"][0].get("fromBlock", lowest) for call in asked.calls_of("eth_getLogs")]
            is_shown = all(to_int(first) >= to_int(lowest) for first in asked_from)
            return await fault.strike(asked) if is_shown else None

        return replace(fault, strike=strike)

    # --- The indexers ----------------------------------------------------------------------------

    async def start(self, blocks_per_chunk: int, *, believes_to_lead: bool) -> None:
        """One more indexer, which stands by, or wrongly does not."""
        self._indexers.start(blocks_per_chunk=blocks_per_chunk, believes_to_lead=believes_to_lead)

    async def start_doomed(self, blocks_per_chunk: int, fault: FaultPoint, passes: int) -> None:
        """An indexer takes over that will kill itself at a fault point."""
        self._indexers.kill_all()
        self._indexers.start(blocks_per_chunk=blocks_per_chunk, fault=fault, passes=passes)

    async def start_rivals(self, blocks_per_chunk: int) -> None:
        """Two indexers take over that both believe to lead: at every chunk one of them must lose."""
        self._indexers.kill_all()
        for _ in range(2):
            self._indexers.start(blocks_per_chunk=blocks_per_chunk, believes_to_lead=True)

    async def kill(self, which: int) -> None:
        """An indexer is killed, at whatever it is doing."""
        self._indexers.kill(which)

    async def work(self, moves: int) -> None:
        """The indexers have some time: until the mirror has moved so often, or nothing moves for a while."""
        for _ in range(moves):
            before = await self._mirrored()
            with suppress(TimeoutError):
                async with asyncio.timeout(STILL_SECONDS):
                    while await self._mirrored() == before:
                        await self._look_again()

    # --- The database ----------------------------------------------------------------------------

    async def database_hangs_up(self, *, that_lock: bool) -> None:
        """All connections of the indexers end, or only those that hold the lead."""
        await self._followed.terminate_connections(that_lock=that_lock)

    # --- What must hold --------------------------------------------------------------------------

    async def end_story(self) -> None:
        """It is quiet for good: beside the rows, everything that `ccm verify` can ask the chain."""
        await self.calm()
        drifted = await drifts(self._followed.sessions, self._rpc, self._network)
        assert not drifted, drifted

    async def calm(self) -> None:
        """It is quiet: whoever must catches up, and the mirror is a fresh one of the chain, row by row."""
        self._node.heal()
        self._indexers.look_after()
        await self._until_followed()
        await self._check_window()
        apart = differences(await self._followed.rows(), await self._fresh_rows())
        assert not apart, "\n".join(apart)

    async def check(self) -> None:
        """At every moment: nothing is confirmed that never lay deep enough."""
        newest = select(func.max(Intent.block_number)).where(Intent.status == "confirmed").scalar_subquery()
        async with self._followed.sessions() as session:
            row = (await session.execute(select(Chain.confirmed_block, newest.label("newest")))).one()
        deepest = self._chain.highest + 1 - (FINALITY.depth or 1)
        told = f"confirmed to {row.confirmed_block}, newest fact {row.newest}, deep enough up to {deepest}"
        assert row.confirmed_block <= deepest, told
        assert row.newest is None or row.newest <= row.confirmed_block, told

    async def _until_followed(self) -> None:
        """Waits until the mirror shows the chain's newest block."""
        wanted = self._chain.head, await self._chain.newest_hash()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await self._mirrored() != wanted:
                    await self._look_again()
        except TimeoutError:
            raise AssertionError(
                f"the indexer stays at {await self._mirrored()}, the chain is at {wanted}:\n{self._indexers.words()}"
            ) from None

    async def _look_again(self) -> None:
        self._indexers.bury()
        await asyncio.sleep(0.005)

    async def _mirrored(self) -> tuple[int, bytes | None]:
        async with self._followed.sessions() as session:
            cursor = await store.read_cursor(session, CHAIN_ID)
        return cursor.next_block - 1, cursor.last_hash

    async def _check_window(self) -> None:
        """Every block that a reorg may still take back is remembered, as the chain has it."""
        async with self._followed.sessions() as session:
            remembered = await store.remembered_hashes(session, CHAIN_ID)
        needed = range(self._chain.floor, self._chain.head + 1)
        assert not set(needed) - remembered.keys(), "a block that may be taken back is forgotten"
        numbers = sorted(remembered)
        headers = await self._rpc.batch([("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
        chained = {to_int(header["number"]): to_bytes(header["hash"]) for header in headers}
        assert remembered == chained

    async def _fresh_rows(self) -> Rows:
        """What an index says that saw nothing but the chain as it is now.

        One thing it has to be told: what was final once, seen from a head that is gone, is final still.
        """
        await self._fresh.start_over()
        async with self._followed.sessions() as session:
            submitted = (await session.scalars(select(Submission).where(Submission.sender == UNDELIVERED))).all()
            confirmed_block = await session.scalar(select(Chain.confirmed_block))
        async with self._fresh.sessions.begin() as session:
            await session.execute(update(Chain).values(confirmed_block=confirmed_block))
            session.add_all(_copy(each) for each in submitted)
        await (await make_indexer(self._fresh.sessions, self._rpc, window=WINDOW)).catch_up()
        return await self._fresh.rows()

    async def _submit(self, calls: Sequence[Call], sent: Sequence[bytes]) -> None:
        """Half of what is relayed was sent by us, and so closes intents of ours where it fails."""
        relayed = [each for call, each in zip(calls, sent, strict=True) if call.to == self._network.contracts.relay]
        ours = [each for each in relayed if each[0] % 2]
        async with self._followed.sessions.begin() as session:
            for transaction_hash in ours:
                known = select(Submission.submission_id).where(Submission.transaction_hash == transaction_hash)
                if await session.scalar(known) is None:
                    self._submissions += 1
                    session.add(_submission(transaction_hash, self._submissions))


def _submission(transaction_hash: bytes, nonce: int) -> Submission:
    return Submission(
        submission_id=1000 + nonce,
        chain_id=CHAIN_ID,
        sender=UNDELIVERED,
        nonce=nonce,
        raw=b"",
        transaction_hash=transaction_hash,
        purpose="relay",
    )


def _copy(submission: Submission) -> Submission:
    return _submission(submission.transaction_hash, submission.nonce)


@asynccontextmanager
async def a_storm(anvil_url: str, postgres: EmbeddedPostgres, folder: Path) -> AsyncIterator[Storm]:
    """A storm over an empty chain, prepared."""
    name = f"storm_{uuid.uuid4().hex}"
    url = await postgres.create_database(name, template=TEMPLATE)
    async with Rpc(anvil_url) as rpc, RpcDouble(anvil_url) as node:
        network = await _prepared(url, rpc)
        followed = StormDatabase(url)
        fresh = StormDatabase(await postgres.create_database(f"{name}_fresh", template=name))
        storm = Storm(rpc, network, node, followed=followed, fresh=fresh, folder=folder)
        try:
            await storm.begin()
            yield storm
        finally:
            storm.end()
            for database in (followed, fresh):
                await database.close()
    for each in (name, f"{name}_fresh"):
        await postgres.drop_database(each)


async def _prepared(url: str, rpc: Rpc) -> Network:
    """The contracts on the chain and people who have something, and in the database intents that wait for them."""
    await rpc.batch([("evm_setAutomine", (True,)), ("anvil_autoImpersonateAccount", (True,))])
    custody, engine = Custody(SEED), create_engine(url)
    sessions = create_sessions(engine)
    await deploy(sessions, rpc, custody, network="polygon", finality=FINALITY)
    async with sessions() as session:
        network = await load_network(session, "polygon", custody)
    await grant_verifier(sessions, rpc, network, verifier=custody.holder(VERIFIER).address)
    actors = Actors(rpc, network)
    await actors.prepare()
    async with sessions.begin() as session:
        waiting = [Intent(chain_id=CHAIN_ID, kind="any", ref=ref, lane="relay", payload={}) for ref in actors.refs()]
        session.add_all(waiting)
    await engine.dispose()
    return network
