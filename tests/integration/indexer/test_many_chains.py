"""Several networks at once: the same contracts at the same addresses and heights, and nothing of one in another."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from eth_utils.address import to_checksum_address
from sqlalchemy import func, select, update

from ccm.networks import fleet_of, opened
from ccm.stack.anvil import EmbeddedAnvil
from indexer import WrongChain
from indexer.fleet import Fleet
from indexer.metrics import IndexerMetrics, Monitor
from ledger.chain import Custody, Network, Rpc, deploy, load_network
from ledger.chain.models import Chain, ChainBlock, ChainEvent, Deployment
from ledger.db.session import Sessions
from ledger.kernel.finality import AT_ONCE
from ledger.kernel.settings import Settings
from ledger.market.mirror_models import CoinHolding
from tests.support.chain import SEED, eventually
from tests.support.indexing import give_dollars, holder
from tests.support.killing import ROOT
from tests.support.stack import TEST_BLOCK_SECONDS, data_folder
from tests.support.verifying import drifts, run

OTHER_CHAIN = 1337


@dataclass(frozen=True)
class Followed:
    """A network, and its node."""

    rpc: Rpc
    network: Network

    @property
    def chain_id(self) -> int:
        return self.network.chain_id


@pytest_asyncio.fixture
async def polygon(rpc: Rpc, network: Network) -> Followed:
    return Followed(rpc, network)


@pytest_asyncio.fixture
async def ethereum(sessions: Sessions) -> AsyncIterator[Followed]:
    """A second chain, deployed to with the same keys: every address and height is the same as on the first."""
    with data_folder() as folder:
        node = EmbeddedAnvil(folder, chain_id=OTHER_CHAIN, block_seconds=TEST_BLOCK_SECONDS, saved=False)
        async with node, Rpc(node.url) as rpc:
            custody = Custody(SEED)
            await deploy(sessions, rpc, custody, network="ethereum", finality=AT_ONCE)
            async with sessions() as session:
                yield Followed(rpc, await load_network(session, "ethereum", custody))


@pytest.fixture
def settings(polygon: Followed, ethereum: Followed) -> Settings:
    networks = {"polygon": polygon, "ethereum": ethereum}
    return Settings.model_validate(
        {"networks": {name: {"rpc": each.rpc.url, "finality": "1"} for name, each in networks.items()}}
    )


@asynccontextmanager
async def running(settings: Settings, sessions: Sessions) -> AsyncIterator[tuple[Fleet, dict[str, Monitor]]]:
    """The indexers of all networks, until the context ends."""
    stop = asyncio.Event()
    async with opened(settings) as networks:
        fleet, monitors = fleet_of(settings, sessions, networks, IndexerMetrics())
        task = asyncio.create_task(fleet.run(stop))
        try:
            yield fleet, monitors
        finally:
            stop.set()
            await asyncio.wait_for(task, 10)


async def dollars(sessions: Sessions, followed: Followed) -> int:
    """What Ada has there."""
    ada = select(CoinHolding.balance_micros).where(
        CoinHolding.chain_id == followed.chain_id, CoinHolding.holder == holder("Ada")
    )
    async with sessions() as session:
        return int(await session.scalar(ada) or 0)


async def shown(sessions: Sessions, followed: Followed, micros: int) -> None:
    """Waits until the mirror shows so much."""

    async def is_shown() -> bool:
        return await dollars(sessions, followed) == micros

    await eventually(is_shown)


async def rows(sessions: Sessions, followed: Followed) -> list[object]:
    """Every event and block that is kept of a chain."""
    async with sessions() as session:
        return [
            sorted(map(tuple, await session.execute(select(kept.__table__).where(kept.chain_id == followed.chain_id))))
            for kept in (ChainEvent, ChainBlock)
        ]


async def test_two_networks_are_mirrored_side_by_side_and_a_reorg_of_one_leaves_the_other_untouched(
    settings: Settings, sessions: Sessions, polygon: Followed, ethereum: Followed
) -> None:
    assert polygon.network.contracts == ethereum.network.contracts
    async with running(settings, sessions) as (fleet, _):
        snapshot = await polygon.rpc.call("evm_snapshot")
        heights = [
            await give_dollars(each.rpc, each.network, "Ada", micros) for each, micros in ((polygon, 5), (ethereum, 7))
        ]
        assert heights[0] == heights[1]
        await shown(sessions, polygon, 5)
        await shown(sessions, ethereum, 7)
        before = await rows(sessions, ethereum)
        await polygon.rpc.call("evm_revert", snapshot)
        await give_dollars(polygon.rpc, polygon.network, "Ada", 11)
        await shown(sessions, polygon, 11)

        assert await rows(sessions, ethereum) == before
        assert fleet.is_at_head("ethereum")
        for each in (polygon, ethereum):
            assert await drifts(sessions, each.rpc, each.network) == []


async def test_a_long_chain_forgets_nothing_of_a_short_one(
    settings: Settings, sessions: Sessions, polygon: Followed, ethereum: Followed
) -> None:
    remembered = select(func.count()).where(ChainBlock.chain_id == ethereum.chain_id)
    async with running(settings, sessions):
        await give_dollars(ethereum.rpc, ethereum.network, "Ada", 7)
        await shown(sessions, ethereum, 7)
        async with sessions() as session:
            before = await session.scalar(remembered)
        await polygon.rpc.call("anvil_mine", hex(2 * settings.finality_depth))
        await give_dollars(polygon.rpc, polygon.network, "Ada", 5)
        await shown(sessions, polygon, 5)

    async with sessions() as session:
        assert await session.scalar(remembered) == before


async def test_a_network_that_stops_says_so_and_the_others_go_on(
    settings: Settings,
    sessions: Sessions,
    polygon: Followed,
    ethereum: Followed,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Chain).where(Chain.chain_id == OTHER_CHAIN).values(genesis_hash=bytes(32)))
    async with running(settings, sessions) as (fleet, monitors):

        async def has_stopped() -> bool:
            return fleet.has_stopped("ethereum")

        await eventually(has_stopped)
        await give_dollars(polygon.rpc, polygon.network, "Ada", 5)
        await shown(sessions, polygon, 5)
        assert not fleet.has_stopped("polygon")
        assert isinstance(monitors["ethereum"].following.stopped, WrongChain)
    loud = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert [message.partition(":")[0] for message in loud] == ["ethereum is followed no longer"]
    assert await dollars(sessions, ethereum) == 0


async def test_when_the_last_network_stops_the_role_ends_and_says_why(settings: Settings, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Chain).values(genesis_hash=bytes(32)))
    async with opened(settings) as networks:
        fleet, _ = fleet_of(settings, sessions, networks, IndexerMetrics())
        with pytest.raises(WrongChain):
            await asyncio.wait_for(fleet.run(asyncio.Event()), 20)


REFUSING = f"""
    ALTER TABLE coin_holdings
    ADD CONSTRAINT nobody_is_rich_there CHECK (chain_id <> {OTHER_CHAIN} OR balance_micros < 1000)
"""
NOBODY = "http://127.0.0.1:9"


async def test_the_command_follows_all_networks_takes_in_what_is_added_and_says_which_one_stops(
    database_url: str, sessions: Sessions, polygon: Followed, ethereum: Followed
) -> None:
    networks = {"polygon": polygon.rpc.url, "ethereum": ethereum.rpc.url}
    where = {
        "DATABASE_URL": database_url,
        "CCM_NETWORKS": json.dumps({name: {"rpc": [url], "finality": "depth:1"} for name, url in networks.items()}),
        "CCM_VERIFY_SECONDS": "4",
    }
    async with indexing(where) as told:
        for micros, each in enumerate((polygon, ethereum), start=1):
            await give_dollars(each.rpc, each.network, "Ada", micros)
            await shown(sessions, each, micros)
        assert await told.states("ready") == {"polygon": "ready", "ethereum": "ready"}
        assert await told.json("/health") == {"status": "ok"}

        await add_contract(sessions, ethereum, where)
        for name in networks:
            await told.figure(f'ccm_mirror_verified_timestamp_seconds{{network="{name}"}}', at_least=1)
            assert await told.figure(f'ccm_indexer_events_total{{network="{name}"}}', at_least=1)

        await run(sessions, REFUSING)
        await give_dollars(ethereum.rpc, ethereum.network, "Ada", 5_000)
        assert await told.states("stopped") == {"polygon": "ready", "ethereum": "stopped"}
        (reason,) = (await told.json("/ready"))["reasons"]
        assert reason.startswith("ethereum is followed no longer: Event Transfer ")
        await give_dollars(polygon.rpc, polygon.network, "Ada", 5_000)
        await shown(sessions, polygon, 5_001)
        await told.figure('ccm_indexer_stopped{network="ethereum"}', at_least=1)
        assert await told.figure('ccm_indexer_stopped{network="polygon"}', at_least=0) == 0
    assert await dollars(sessions, ethereum) == 2

    nodes = {"polygon": polygon.rpc.url, "ethereum": NOBODY, "avalanche": NOBODY}
    where["CCM_NETWORKS"] = json.dumps({name: {"rpc": [url]} for name, url in nodes.items()})
    verifying = await run_ccm("verify", "--json", **where)
    verified = json.loads((await verifying.communicate())[0])
    assert [(each["network"], each["holds"]) for each in verified["networks"]] == [("polygon", True)]
    assert [each["network"] for each in verified["unverified"]] == ["ethereum"], "no mirror of avalanche is kept"
    assert (verifying.returncode, verified["holds"]) == (1, False)


async def add_contract(sessions: Sessions, ethereum: Followed, where: Mapping[str, str]) -> None:
    """Adds a contract by command while the indexer runs, and waits until its past is taken in."""
    book = to_checksum_address(ethereum.network.contracts.manager)
    more = ("indexer", "add", "RoleManager", "--from-block", "0", "--network", "ethereum")
    refused = await run_ccm(*more, book, **where)
    assert await refused.wait() == 1, "it is mirrored already"
    code = await ethereum.rpc.call("eth_getCode", book, "latest")
    await ethereum.rpc.call("anvil_setCode", "0x" + "ee" * 20, code)
    added = await run_ccm(*more, "0x" + "ee" * 20, **where)
    assert await added.wait() == 0

    async def has_joined() -> bool:
        waiting = select(Deployment.next_block).where(~Deployment.is_main, Deployment.chain_id == OTHER_CHAIN)
        async with sessions() as session:
            return (await session.scalars(waiting)).all() == [None]

    await eventually(has_joined)


@dataclass(frozen=True)
class Told:
    """What a running indexer tells over HTTP."""

    client: aiohttp.ClientSession

    async def json(self, path: str) -> Any:
        async with self.client.get(path) as answer:
            return await answer.json()

    async def states(self, status: str) -> dict[str, str]:
        """The networks' states, once the whole is in this one."""

        async def is_told() -> bool:
            async with self.client.get("/ready") as answer:
                body = await answer.json()
            assert answer.status == (200 if body["status"] == "ready" else 503)
            return bool(body["status"] == status)

        await eventually(is_told)
        return {each["network"]: each["status"] for each in (await self.json("/ready"))["mirrors"]}

    async def figure(self, name: str, *, at_least: int) -> int:
        """A figure, once it is there and large enough."""
        found: list[int] = []

        async def is_shown() -> bool:
            async with self.client.get("/metrics") as answer:
                lines = [line.rpartition(" ") for line in (await answer.text()).splitlines()]
            found[:] = [int(float(value)) for shown_name, _, value in lines if shown_name == name]
            return found != [] and found[0] >= at_least

        await eventually(is_shown)
        return found[0]


@asynccontextmanager
async def indexing(where: Mapping[str, str]) -> AsyncIterator[Told]:
    """`ccm indexer` in a process of its own, with its usual port in other hands, until the context ends."""
    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it: as good
            occupant.bind(("127.0.0.1", 8081))
            occupant.listen()
        indexer = await run_ccm("indexer", **where)
        assert indexer.stdout
        try:
            port = (await indexer.stdout.readline()).decode().removeprefix("Port 8081 is taken: using ").rstrip(".\n")
            assert (await indexer.stdout.readline()).decode() == f"serving http://127.0.0.1:{port}\n"
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
                yield Told(client)
        finally:
            indexer.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(indexer.wait(), 15)
        assert code == 0


async def run_ccm(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccm", *arguments),
        cwd=ROOT,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
    )
