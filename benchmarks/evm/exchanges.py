"""What the like of our trades costs on Seaport and on 0x: the same two persons, and where they can, the same tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.evm import peers
from benchmarks.evm.chain import Contract, Sent
from benchmarks.evm.figures import Peer
from benchmarks.evm.seaport import (
    ERC20,
    ERC20_TO_ERC721_FULL_OPEN,
    ERC20_TO_ERC1155_FULL_OPEN,
    ERC721,
    ERC1155,
    FULL_OPEN,
    PARTIAL_OPEN,
    Item,
    deploy_seaport,
)
from benchmarks.evm.world import ADMIN, PRICE_PER_KG, World
from benchmarks.evm.zeroex import deploy_zeroex
from ledger.chain import FOREVER
from ledger.chain.custody import LocalSigner

HELD_KG = 100_000
OFFERED_KG = 1000
OFFERED_TOTAL = OFFERED_KG * PRICE_PER_KG
FILLED_KG = 100
MANY = 5
SHARE_ID = 1


@dataclass(frozen=True, slots=True)
class Beside:
    """The peers of our trades, by what of ours they stand beside."""

    validate: tuple[Peer, ...] = ()
    placed: tuple[Peer, ...] = ()
    signed: tuple[Peer, ...] = ()
    signed_many: tuple[Peer, ...] = ()

    def filling(self, number: int, *, placed: bool) -> tuple[Peer, ...]:
        """The peers of a call that fills so many orders."""
        if number > 1:
            return () if placed else self.signed_many
        return self.placed if placed else self.signed

    def with_more(self, more: "Beside") -> "Beside":
        """These peers and more."""
        return Beside(
            self.validate + more.validate,
            self.placed + more.placed,
            self.signed + more.signed,
            self.signed_many + more.signed_many,
        )


async def measure_seaport(world: World, buyer: LocalSigner, seller: LocalSigner) -> Beside:
    """Seaport's basic orders, and its orders of credits for coins. The buyer holds some of everything before."""
    exchange = await deploy_seaport(world.chain)
    deed, share = await _collectibles(world, buyer, seller)
    await _allow(world, (buyer, seller), exchange.contract)
    let_all = [
        Sent(seller.address, each.address, each.data("setApprovalForAll", exchange.contract.address, True))
        for each in (deed, share)
    ]
    await world.chain.send_all(let_all)

    coins = Item(ERC20, world.dollar.address, 0, OFFERED_TOTAL)
    shares = Item(ERC1155, share.address, SHARE_ID, OFFERED_KG)
    kilograms = Item(ERC20, world.credit.address, 0, OFFERED_KG)
    found: dict[bool, tuple[Peer, ...]] = {}
    validations = []
    for deed_id, validated in enumerate((False, True)):
        deeds = Item(ERC721, deed.address, deed_id, 1)
        kind = "validated before" if validated else "signed"
        rows = []
        for what, item, basic_type in (
            ("basic order, ERC-721", deeds, ERC20_TO_ERC721_FULL_OPEN),
            ("basic order, ERC-1155", shares, ERC20_TO_ERC1155_FULL_OPEN),
            ("advanced order, ERC-20", kilograms, None),
        ):
            offer = exchange.offer(seller, item, coins, FULL_OPEN if basic_type else PARTIAL_OPEN)
            if validated:
                validations.append(await exchange.validate(seller, offer))
            signature = b"" if validated else await exchange.sign(seller, offer)
            if basic_type:
                mined = await exchange.fulfil_basic(buyer, offer, basic_type, signature)
            else:
                mined = await exchange.fulfil_part(buyer, offer, (FILLED_KG, OFFERED_KG), signature)
            rows.append(Peer(f"Seaport {what} for ERC-20, {kind}", mined.gas))
        found[validated] = tuple(rows)
    return Beside((Peer("Seaport validate", validations[-1].gas),), found[True], found[False])


async def measure_zeroex(world: World, buyer: LocalSigner, sellers: Sequence[LocalSigner]) -> Beside:
    """0x's orders of credits for coins, at no protocol fee."""
    exchange = await deploy_zeroex(world.chain)
    makers = sellers[:MANY]
    await _allow(world, (buyer, *makers), exchange.native)
    given, asked = (world.credit.address, OFFERED_KG), (world.dollar.address, OFFERED_TOTAL)
    total = FILLED_KG * PRICE_PER_KG
    limit = await exchange.fill_limit(buyer, makers[0], exchange.limit_order(makers[0], given, asked), total)
    orders = [exchange.limit_order(maker, given, asked) for maker in makers]
    limits = await exchange.fill_limits(buyer, makers, orders, total)
    otc, again = [
        await exchange.fill_otc(buyer, makers[0], exchange.otc_order(makers[0], buyer, given, asked)) for _ in range(2)
    ]
    return Beside(
        signed=(
            Peer("0x limit order, ERC-20 for ERC-20", limit.gas),
            Peer("0x OTC order, ERC-20 for ERC-20, its maker's first", otc.gas),
            Peer("0x OTC order, ERC-20 for ERC-20, a later one", again.gas),
        ),
        signed_many=(Peer(f"0x batchFillLimitOrders of {MANY}", limits.gas),),
    )


async def _collectibles(world: World, buyer: LocalSigner, seller: LocalSigner) -> tuple[Contract, Contract]:
    """Deeds 0 to 2 of the seller's and one of the buyer's, and shares that both hold."""
    built = peers.tokens()
    deed, share = [await world.chain.create(ADMIN.address, built[name]) for name in ("Deed", "Share")]
    owners = (seller, seller, seller, buyer)
    deeds = [(deed, deed.data("mint", owner.address, number)) for number, owner in enumerate(owners)]
    shares = [(share, share.data("mint", owner.address, SHARE_ID, HELD_KG)) for owner in (seller, buyer)]
    await world.chain.send_all([Sent(ADMIN.address, token.address, data) for token, data in (*deeds, *shares)])
    return deed, share


async def _allow(world: World, traders: Sequence[LocalSigner], exchange: Contract) -> None:
    """Gives another exchange leave to move the credits and coins of traders."""
    approve = world.dollar.data("approve", exchange.address, FOREVER)
    await world.chain.send_all(
        [Sent(trader.address, token.address, approve) for trader in traders for token in (world.dollar, world.credit)]
    )
