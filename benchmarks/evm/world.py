"""Our contracts on a benchmark's chain, who may do what on them, and the people who use them."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from benchmarks.evm.chain import Chain, Contract, Mined, Sent
from ledger.chain import FOREVER, NOBODY, BatchTerms, Domain, Issuance, Order, issuance_digest, order_digest
from ledger.chain.abi import artifact, function
from ledger.chain.custody import LocalSigner
from ledger.chain.deploy import (
    ANCHOR_ROLE,
    DAILY_ISSUE_CAP_KG,
    FEE_CAP_BPS,
    ISSUER_ROLE,
    LOWEST_LEVEL,
    MATCHER_ROLE,
    MICRO_CLASS,
    SYMBOL,
    VERIFIER_ROLE,
)
from ledger.chain.network import FIELDS, Contracts
from ledger.chain.typed_data import CREDIT_NAME, MARKET_NAME

VINTAGE_START = 1_735_689_600
YEAR_SECONDS = 31_536_000
NO_END = 2**40
"""A second that is far away, Unix time."""

FIRST_CREDIT = 2025 << 40 | 400 << 8
"""The first of the 256 credit ids that share a word of the bitmap."""
PRICE_PER_KG = 25_000
DOLLARS = 10**6
CREDIT_KG = 2


def person(name: str) -> LocalSigner:
    """Somebody with a key, always the same one for a name."""
    return LocalSigner(keccak(text=name))


def people(name: str, number: int) -> list[LocalSigner]:
    """As many persons, with a common name and a number each."""
    return [person(f"{name} {position}") for position in range(number)]


ADMIN, ISSUER, VERIFIER, MATCHER, ANCHORER, CARRIER = (
    person(name) for name in ("admin", "issuer", "verifier", "matcher", "anchorer", "carrier")
)


def batch_terms(number: int) -> BatchTerms:
    """A batch without a buffer, each number's a year later than the one before."""
    return BatchTerms(
        source=b"renewable_energy".ljust(32, b"\0"),
        vintage_start=VINTAGE_START + number * YEAR_SECONDS,
        vintage_end=VINTAGE_START + (number + 1) * YEAR_SECONDS,
        verifier=VERIFIER.address,
        level=2,
        country=b"US",
        closes_at=NO_END,
        buffer_bps=0,
    )


@dataclass
class World:
    """All contracts of one class of credits, with their roles granted."""

    chain: Chain
    manager: Contract
    credit: Contract
    market: Contract
    relay: Contract
    anchor: Contract
    dollar: Contract
    _issued: Counter[int] = field(default_factory=Counter)
    _next_credit: int = FIRST_CREDIT
    _salts: Iterator[int] = field(default_factory=itertools.count)

    @property
    def contracts(self) -> Contracts:
        """Where each of them stands."""
        return Contracts(**{field: getattr(self, field).address for field in FIELDS.values()})

    @property
    def credit_domain(self) -> Domain:
        """Where signatures over credits count."""
        return Domain(CREDIT_NAME, self.chain.chain_id, self.credit.address)

    @property
    def market_domain(self) -> Domain:
        """Where signatures over orders count."""
        return Domain(MARKET_NAME, self.chain.chain_id, self.market.address)

    def issuance(self, holders: Sequence[LocalSigner], kg: int = CREDIT_KG, *, batch: int = 0) -> Sent:
        """The next issuance into the batch, to be sent: a credit of `kg` for each holder, without a buffer."""
        terms = batch_terms(batch)
        issuance = Issuance(
            batch_id=terms.batch_id,
            position=self._issued[batch],
            records_root=keccak(text="records"),
            recipients=tuple(holder.address for holder in holders),
            kg=(kg,) * len(holders),
            credit_ids=tuple(range(self._next_credit, self._next_credit + len(holders))),
            buffer_kg=0,
            deadline=NO_END,
        )
        signature = VERIFIER.sign(issuance_digest(self.credit_domain, issuance))
        return Sent(ISSUER.address, self.credit.address, self.credit.data("issue", terms, issuance, signature))

    async def issue(self, holders: Sequence[LocalSigner], kg: int = CREDIT_KG, *, batch: int = 0) -> Mined:
        """Issues a credit of `kg` to each holder, all in one issuance into the batch."""
        mined = await self.chain.send_one(self.issuance(holders, kg, batch=batch))
        self._issued[batch] += 1
        self._next_credit += len(holders)
        return mined

    async def equip(self, traders: Sequence[LocalSigner]) -> None:
        """Gives each of them test dollars, and the market leave to move all they have."""
        approve = self.dollar.data("approve", self.market.address, FOREVER)
        faucets = [self.dollar.data("faucet", trader.address, 1000 * DOLLARS) for trader in traders]
        await self.chain.send_all([Sent(ADMIN.address, self.dollar.address, faucet) for faucet in faucets])
        await self.chain.send_all(
            [Sent(trader.address, token.address, approve) for trader in traders for token in (self.dollar, self.credit)]
        )

    def order(self, maker: LocalSigner, side: int, kg: int, *, filler: bytes = NOBODY) -> Order:
        """An order at the one price of the benchmark."""
        return Order(
            maker=maker.address,
            side=side,
            kg=kg,
            price_per_kg=PRICE_PER_KG,
            min_fill_kg=1,
            filler=filler,
            expiry=NO_END,
            counter=0,
            salt=keccak(text=f"order {next(self._salts)}"),
            max_fee_bps=FEE_CAP_BPS,
        )

    def sign(self, maker: LocalSigner, order: Order) -> bytes:
        """The maker's signature over the order."""
        return maker.sign(order_digest(self.market_domain, order))

    async def place(self, orders: Sequence[Order]) -> list[Mined]:
        """Has each maker place an order."""
        return await self.chain.send_all(
            [Sent(order.maker, self.market.address, self.market.data("place", order, b"")) for order in orders]
        )


async def deploy_world(chain: Chain, *, fee_bps: int = 0) -> World:
    """Deploys the committed artifacts, and grants the roles."""
    manager = await chain.create(ADMIN.address, artifact("RoleManager"), ADMIN.address)
    terms = (CREDIT_NAME, SYMBOL, MICRO_CLASS, LOWEST_LEVEL, DAILY_ISSUE_CAP_KG)
    credit = await chain.create(ADMIN.address, artifact("CarbonCredit"), *terms, manager.address)
    dollar = await chain.create(ADMIN.address, artifact("TestDollar"))
    trading = (credit.address, dollar.address, fee_bps, FEE_CAP_BPS)
    market = await chain.create(ADMIN.address, artifact("CarbonMarket"), *trading, manager.address)
    relay = await chain.create(ADMIN.address, artifact("Relay"))
    anchor = await chain.create(ADMIN.address, artifact("RecordAnchor"), manager.address)
    restricted = [
        (credit, function("CarbonCredit", "issue").selector, ISSUER_ROLE),
        (anchor, function("RecordAnchor", "anchor").selector, ANCHOR_ROLE),
    ]
    roles = ((ISSUER_ROLE, ISSUER), (VERIFIER_ROLE, VERIFIER), (MATCHER_ROLE, MATCHER), (ANCHOR_ROLE, ANCHORER))
    calls = [
        *(manager.data("setTargetFunctionRole", target.address, [each], role) for target, each, role in restricted),
        *(manager.data("grantRole", role, account.address, 0) for role, account in roles),
    ]
    await chain.send_all([Sent(ADMIN.address, manager.address, call) for call in calls])
    return World(chain, manager, credit, market, relay, anchor, dollar)
