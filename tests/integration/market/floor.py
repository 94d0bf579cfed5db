"""A trading floor: accounts, the ledger's own commands, and a chain that carries out what they queued.

The chain is a model in memory that decodes the calldata of the queued intents, keeps the contracts' rules and emits
their events; the mirrors take those in, as they take in the real chain's.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from indexer import store
from ledger.accounts import Account, create_account
from ledger.chain import Contracts, Custody, Intent, Network, Order, authorization_ref, codec, order_ref
from ledger.chain import mirror as chain_mirror
from ledger.chain.abi import abi_type, function
from ledger.chain.chunk import ZERO_ADDRESS, Block, Chunk, Event
from ledger.chain.models import OPEN_STATUSES, Chain
from ledger.credits import Retirement, RetirementRequest, retire
from ledger.credits import mirror as credits_mirror
from ledger.db.session import Sessions
from ledger.kernel.units import Kg
from ledger.market import Bought, Demand, Terms, buy, list_credits, reserved_kg
from ledger.market import mirror as market_mirror
from ledger.market.models import Listing

CHAIN_ID = 31_337
NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
BLOCK_TIME = timedelta(seconds=2)
BATCH = bytes(31) + b"\x01"
CONTRACTS = Contracts(*(bytes([0xC0 + number]) * 20 for number in range(6)))
TERMS = {
    "source": b"energy_efficiency".ljust(32, b"\0"),
    "vintageStart": 1_704_067_200,
    "vintageEnd": 1_735_689_600,
    "verifier": bytes([9]) * 20,
    "level": 2,
    "country": b"US",
    "closesAt": 1_893_456_000,
    "bufferBps": 0,
}


@dataclass
class ModelChain:
    """What the contracts hold, and the events of the block that is being made."""

    kg: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    micros: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[bytes, Order] = field(default_factory=dict)
    filled: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    blocks: list[Block] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    issued: int = 0

    def begin_block(self, moment: datetime) -> None:
        """The next block, at this time or two seconds after the last one, whichever is later."""
        earliest = self.blocks[-1].time + BLOCK_TIME if self.blocks else moment
        number = len(self.blocks) + 1
        self.blocks.append(Block(number, bytes(28) + number.to_bytes(4), bytes(32), max(moment, earliest)))
        self.events = []

    def issue(self, holder: bytes, kg: int) -> None:
        """Credits out of nothing, in the one batch there is."""
        if not self.issued:
            self._emit(CONTRACTS.credit, "BatchOpened", batchId=BATCH, terms=TERMS)
        self._emit(
            CONTRACTS.credit,
            "CreditsIssued",
            batchId=BATCH,
            index=self.issued,
            issuer=bytes([8]) * 20,
            recordsRoot=bytes(32),
            kg=kg,
            bufferKg=0,
        )
        self.issued += 1
        self._move(CONTRACTS.credit, ZERO_ADDRESS, holder, kg)
        self._emit(
            CONTRACTS.credit, "CreditMinted", recipient=holder, amount=kg, creditId=f"CRD-2025-{self.issued:06d}"
        )

    def suspend(self) -> None:
        """A doubt about the one batch there is."""
        self._emit(CONTRACTS.credit, "BatchSuspended", batchId=BATCH, until=self._seconds + 30 * 86_400)

    def unsuspend(self) -> None:
        """The doubt is over."""
        self._emit(CONTRACTS.credit, "BatchUnsuspended", batchId=BATCH)

    def faucet(self, holder: bytes, micros: int) -> None:
        """Test dollars out of nothing."""
        self._move(CONTRACTS.dollar, ZERO_ADDRESS, holder, micros)

    def carry_out(self, intent: Intent) -> None:
        """Does what the intent's calldata says. A rule that forbids it is a promise that cannot be kept."""
        data = bytes.fromhex(intent.payload["data"][2:])
        contract, name = {
            "place": ("CarbonMarket", "place"),
            "settle": ("CarbonMarket", "settle"),
            "retire": ("CarbonCredit", "retireWithAuthorization"),
        }[intent.kind]
        entry = function(contract, name)
        assert data[:4] == entry.selector
        getattr(self, f"_{intent.kind}")(*codec.decode([abi_type(part) for part in entry.inputs], data[4:]))

    def _place(self, members: tuple[Any, ...], _signature: bytes) -> None:
        order = Order(*members)
        assert order.expiry >= self._seconds, "placed after its end"
        ref = order_ref(order.maker, order.salt)
        self.orders[ref] = order
        told = dict(zip(ORDER_MEMBERS, order, strict=True))
        self._emit(CONTRACTS.market, "OrderPlaced", ref=ref, maker=order.maker, order=told)

    def _settle(
        self,
        taking: tuple[Any, ...],
        _signature: bytes,
        resting: tuple[tuple[Any, ...]],
        _signatures: tuple[bytes],
        kgs: tuple[int],
    ) -> None:
        taker, maker, kg = Order(*taking), Order(*resting[0]), kgs[0]
        ref, taker_ref = order_ref(maker.maker, maker.salt), order_ref(taker.maker, taker.salt)
        left = maker.kg - self.filled[ref]
        total = kg * maker.price_per_kg
        assert self.orders[ref] == maker, "another order than the placed one"
        assert min(maker.expiry, taker.expiry) >= self._seconds, "over"
        assert min(maker.min_fill_kg, left) <= kg <= left, "more than is left, or less than the maker sells"
        assert taker.min_fill_kg == kg == taker.kg, "not all or nothing"
        assert taker.price_per_kg >= maker.price_per_kg, "too dear"
        self._move(CONTRACTS.dollar, taker.maker, maker.maker, total)
        self._move(CONTRACTS.credit, maker.maker, taker.maker, kg)
        for each in (ref, taker_ref):
            self.filled[each] += kg
        filled = {"kg": kg, "total": total, "fee": 0}
        self._emit(
            CONTRACTS.market,
            "OrderFilled",
            ref=ref,
            takerRef=taker_ref,
            taker=taker.maker,
            maker=maker.maker,
            side=maker.side,
            pricePerKg=maker.price_per_kg,
            **filled,
        )
        self._emit(CONTRACTS.market, "OrderSettled", takerRef=taker_ref, taker=taker.maker, **filled)

    def _retire(self, holder: bytes, retirement: tuple[Any, ...], *_: Any) -> None:
        kg, _batches, _vintage, commitment, reason, period, nonce = retirement
        self._emit(CONTRACTS.credit, "AuthorizationUsed", authorizer=holder, nonce=nonce)
        self._move(CONTRACTS.credit, holder, ZERO_ADDRESS, kg)
        self._emit(
            CONTRACTS.credit,
            "CreditsRetired",
            ref=authorization_ref(holder, nonce),
            holder=holder,
            kg=kg,
            batchIds=[BATCH],
            batchKg=[kg],
            reason=reason,
            period=period,
            commitment=commitment,
        )

    @property
    def _seconds(self) -> int:
        return int(self.blocks[-1].time.timestamp())

    def _move(self, contract: bytes, giver: bytes, taker: bytes, count: int) -> None:
        held = self.kg if contract == CONTRACTS.credit else self.micros
        if giver != ZERO_ADDRESS:
            assert held[giver] >= count, "promised more than is held"
            held[giver] -= count
        held[taker] += count
        self._emit(contract, "Transfer", from_=giver, to=taker, value=count)

    def _emit(self, contract: bytes, name: str, **arguments: Any) -> None:
        block = self.blocks[-1]
        told = {key.rstrip("_"): argument for key, argument in arguments.items()}
        transaction = block.hash[4:] + len(self.events).to_bytes(4)
        self.events.append(Event(name, contract, block.number, len(self.events), block.time, transaction, told))


ORDER_MEMBERS = (
    "maker",
    "side",
    "kg",
    "pricePerKg",
    "minFillKg",
    "filler",
    "expiry",
    "counter",
    "salt",
    "maxFeeBps",
)


class Floor:
    """Where people list, buy and retire, each act in a transaction of its own."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.network = Network(CHAIN_ID, "polygon", CONTRACTS, Custody(bytes(64)))
        self.chain = ModelChain()
        self.moment = NOON
        self._people = 0

    async def open(self) -> "Floor":
        """The chain as it is before anybody came."""
        async with self.sessions.begin() as session:
            session.add(
                Chain(chain_id=CHAIN_ID, network="polygon", genesis_hash=bytes(32), next_block=0, finality="depth:1")
            )
        return self

    async def person(self, *, kg: int = 0, dollars: int = 0) -> Account:
        """Somebody with a custody wallet, and this in it."""
        signer = self.network.custody.holder(self._people)
        async with self.sessions.begin() as session:
            account = await create_account(
                session,
                kind="person",
                tier="pro",
                home_network="polygon",
                moment=self.moment,
                wallet=signer.address,
                custody_index=self._people,
            )
        self._people += 1
        self.chain.begin_block(self.moment)
        if kg:
            self.chain.issue(signer.address, kg)
        if dollars:
            self.chain.faucet(signer.address, dollars * 1_000_000)
        await self.mirror()
        return account

    async def list(self, seller: Account, tonnes: str, price: str = "25.5", **terms: Any) -> Listing:
        """Queues an offer."""
        async with self.sessions.begin() as session:
            asked = Terms(Decimal(tonnes), Decimal(price), "USD", **terms)
            return await list_credits(session, self.network, seller, asked, self.moment)

    async def listed(self, seller: Account, tonnes: str, price: str = "25.5", **terms: Any) -> Listing:
        """An offer that stands on chain."""
        listing = await self.list(seller, tonnes, price, **terms)
        await self.mine()
        return listing

    async def buy(self, buyer: Account, listing: Listing | str, tonnes: str, most: str | None = None) -> Bought:
        """Queues a purchase."""
        listing_id = listing if isinstance(listing, str) else listing.listing_id
        demand = Demand(listing_id, Decimal(tonnes), None if most is None else Decimal(most))
        async with self.sessions.begin() as session:
            return await buy(session, self.network, buyer, demand, self.moment)

    async def retire(self, holder: Account, kg: int) -> Retirement:
        """Queues a retirement."""
        request = RetirementRequest(kg=Kg(kg), reason="personal_offset")
        async with self.sessions.begin() as session:
            return await retire(session, self.network, holder, request, reserved=reserved_kg, moment=self.moment)

    async def mine(self, most: int | None = None) -> None:
        """A block that carries out the open intents, oldest first, and its mirror."""
        self.chain.begin_block(self.moment)
        async with self.sessions() as session:
            oldest = select(Intent).where(Intent.status.in_(OPEN_STATUSES)).order_by(Intent.intent_id).limit(most)
            for intent in (await session.execute(oldest)).scalars():
                self.chain.carry_out(intent)
        await self.mirror()

    async def mirror(self) -> None:
        """Takes the newest block in."""
        block = self.chain.blocks[-1]
        chunk = Chunk(CHAIN_ID, CONTRACTS, block.number, block.number, [block], self.chain.events, block.number)
        async with self.sessions.begin() as session:
            await store.append_blocks(session, CHAIN_ID, chunk.blocks)
            await store.append_events(session, CHAIN_ID, chunk.events)
            for each in (chain_mirror, credits_mirror, market_mirror):
                await each.apply(session, chunk)
