"""The relayer's loop: take what is queued, sign and store it, deliver it."""

import asyncio
import contextlib
import logging

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.chain.delivery import Delivery
from ledger.chain.intents import QUEUED_CHANNEL
from ledger.chain.listening import Listener
from ledger.chain.models import Intent, Submission
from ledger.chain.network import Network
from ledger.chain.relayer.issuer_lane import submit_issuances
from ledger.chain.relayer.relay_lane import submit_actions
from ledger.chain.rpc import Rpc, RpcError
from ledger.db.session import Sessions
from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.faults import reach

BUSY_SECONDS = 0.05
IDLE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Relayer:
    """Submits the intents of one network, each exactly once.

    What is signed is stored with its intents' new status in one transaction and sent afterwards, so that a crash at
    any point leaves either a queued intent or a stored transaction, which the next start sends again.
    """

    def __init__(self, sessions: Sessions, rpc: Rpc, network: Network, database_url: str) -> None:
        self._sessions = sessions
        self._rpc = rpc
        self._network = network
        self._database_url = database_url
        self._delivery = Delivery(sessions, rpc, network.chain_id, network.custody)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set. What it cannot reach it tries again, saying so."""
        stopping = asyncio.create_task(stop.wait())
        async with Listener(self._database_url, QUEUED_CHANNEL) as listener:
            while not stop.is_set():
                queued = asyncio.create_task(listener.upcoming().wait())
                pause = await self._try_once()
                await asyncio.wait({queued, stopping}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                queued.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stopping

    async def run_once(self) -> int:
        """One pass: signs what is queued, sends what is stored, records what was mined.

        Returns:
            How much is left to do; 0 once the chain has counted all that was sent.
        """
        if await self._sign_queued():
            reach("after_raw_stored")
        return await self._delivery.run_once()

    async def _sign_queued(self) -> bool:
        """Signs and stores what is queued in each lane. Returns whether there was anything."""
        signed: list[Submission] = []
        lanes = await self._queued_lanes()
        if "issuer" in lanes:
            async with self._sessions.begin() as session:
                signed += await submit_issuances(session, self._network, self._rpc)
        if "relay" in lanes:
            async with self._sessions.begin() as session:
                signed += await submit_actions(session, self._network, self._rpc)
        return bool(signed)

    async def _queued_lanes(self) -> set[str]:
        queued = select(Intent.lane).distinct()
        async with self._sessions() as session:
            return set(
                await session.scalars(
                    queued.where(Intent.chain_id == self._network.chain_id, Intent.status == "queued")
                )
            )

    async def _try_once(self) -> float:
        """A pass, and how long to wait for the next one unless something is queued."""
        try:
            return BUSY_SECONDS if await self.run_once() else IDLE_SECONDS
        except (BlockchainUnavailable, RpcError, DBAPIError, PoolTimeout, OSError) as error:
            log.warning("the relayer tries again in a moment: %s", error)
            return IDLE_SECONDS
