"""Whatever is listed, bought and retired, and however much of it at once: promised never exceeds held."""

import asyncio

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.chain import open_debit_kg, open_debit_micros, open_fill_kg
from ledger.credits import balance
from ledger.db.base import Base
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.errors import CcmError
from ledger.market import reserved_kg
from ledger.market.mirror_models import MarketOrder
from tests.integration.market.floor import CHAIN_ID, Floor

PEOPLE = 3
Act = tuple[str, int, int, int]
"""What is tried, by whom, at which of the listings, and for how many kilograms."""

acts = st.tuples(
    st.sampled_from(("list", "buy", "retire")), st.integers(0, PEOPLE - 1), st.integers(0, 9), st.integers(1, 40)
)


async def test_a_balance_is_one_moments_while_the_chain_moves_on(floor: Floor) -> None:
    wallet = (await floor.person(kg=1)).wallet
    assert wallet is not None

    async def receive() -> None:
        for _ in range(60):
            floor.chain.begin_block(floor.moment)
            floor.chain.issue(wallet, 1)
            await floor.mirror()

    async with asyncio.TaskGroup() as meanwhile:
        receiving = meanwhile.create_task(receive())
        while not receiving.done():
            async with floor.sessions() as session:
                seen = await balance(session, CHAIN_ID, wallet, reserved_kg)
            assert seen.available_kg == seen.kg == seen.earned_kg


class Trades(RuleBasedStateMachine):
    """Everybody holds 60 kg and two dollars, and asks for more than there is."""

    database_url: str

    @initialize()
    def an_open_floor(self) -> None:
        self.loop = asyncio.Runner()
        self.engine = create_engine(self.database_url)
        self.people: list[Account] = []
        self.listings: list[str] = []
        self.loop.run(self._open())

    def teardown(self) -> None:
        self.loop.run(self.engine.dispose())
        self.loop.close()

    @rule(attempts=st.lists(acts, min_size=1, max_size=5))
    def several_try_at_once(self, attempts: list[Act]) -> None:
        self.loop.run(self._try(attempts))

    @rule(most=st.integers(1, 4))
    def a_block_carries_out_the_oldest_intents(self, most: int) -> None:
        """The model chain asserts that it can: a promise that cannot be kept fails here."""
        self.loop.run(self.floor.mine(most))

    @invariant()
    def promised_is_held(self) -> None:
        if hasattr(self, "loop"):
            self.loop.run(self._compare())

    async def _open(self) -> None:
        async with self.engine.begin() as connection:
            names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
            await connection.exec_driver_sql(f"TRUNCATE {names}")
        self.floor = await Floor(create_sessions(self.engine)).open()
        for _ in range(PEOPLE):
            self.people.append(await self.floor.person(kg=60, dollars=2))

    async def _try(self, attempts: list[Act]) -> None:
        for answer in await asyncio.gather(*map(self._act, attempts), return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, CcmError):
                raise answer

    async def _act(self, act: Act) -> None:
        what, who, which, kg = act
        person, tonnes = self.people[who], f"0.{kg:03d}"
        if what == "list":
            self.listings.append((await self.floor.list(person, tonnes)).listing_id)
        elif what == "retire":
            await self.floor.retire(person, kg)
        elif self.listings:
            await self.floor.buy(person, self.listings[which % len(self.listings)], tonnes)

    async def _compare(self) -> None:
        async with self.floor.sessions() as session:
            for person in self.people:
                await self._check_person(session, person)
            order = select(MarketOrder.kg, MarketOrder.filled_kg, open_fill_kg(CHAIN_ID, MarketOrder.ref.expression))
            for kg, filled_kg, open_kg in await session.execute(order):
                assert int(filled_kg) + int(open_kg) <= int(kg)

    async def _check_person(self, session: AsyncSession, person: Account) -> None:
        assert person.wallet is not None
        promised = select(
            open_debit_kg(CHAIN_ID, person.wallet),
            reserved_kg(CHAIN_ID, person.wallet),
            open_debit_micros(CHAIN_ID, person.wallet),
        )
        kg, offered_kg, micros = (await session.execute(promised)).one()
        assert int(kg) + int(offered_kg) <= self.floor.chain.kg[person.wallet]
        assert int(micros) <= self.floor.chain.micros[person.wallet]


@pytest.mark.timeout(170)
def test_promised_never_exceeds_held(database_url: str) -> None:
    Trades.database_url = database_url
    run_state_machine_as_test(
        Trades,
        settings=settings(
            max_examples=10, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
