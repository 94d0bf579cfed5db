"""What trading costs: orders placed, cancelled, filled and settled."""

from collections.abc import Sequence

from benchmarks.evm.chain import Chain, Sent
from benchmarks.evm.exchanges import FILLED_KG, HELD_KG, MANY, OFFERED_KG, OFFERED_TOTAL, Beside
from benchmarks.evm.figures import Figure, figure
from benchmarks.evm.parts import parts_of
from benchmarks.evm.world import CARRIER, MATCHER, PRICE_PER_KG, World, deploy_world, people, person
from ledger.chain import BUY, SELL, Order
from ledger.chain.custody import LocalSigner

FEE_BPS = 100
SETTLED = (1, 5, 20)
HOLDERS = "all hold credits and coins"


async def prepare_traders(world: World) -> tuple[LocalSigner, list[LocalSigner]]:
    """A buyer and as many sellers as the largest settlement has, with credits, coins and allowances."""
    buyer, sellers = person("buyer"), people("seller", max(SETTLED))
    await world.issue([buyer, *sellers], HELD_KG)
    await world.equip([buyer, *sellers])
    return buyer, sellers


async def place_figures(world: World, seller: LocalSigner, beside: Beside) -> list[Figure]:
    """Orders put on chain, and taken back."""
    own, borne, unknown = (world.order(seller, SELL, OFFERED_KG) for _ in range(3))
    by_seller = (await world.place([own]))[0]
    data = world.market.data("place", borne, world.sign(seller, borne))
    by_bearer = await world.chain.send(CARRIER.address, world.market.address, data)
    cancelled = [
        await world.chain.send(seller.address, world.market.address, world.market.data("cancel", order.salt))
        for order in (own, unknown)
    ]
    return [
        figure("place, by the seller", by_seller, "nothing of the order", peers=beside.validate),
        figure("place, by who bears the signature", by_bearer, "nothing of the order"),
        figure("cancel a placed order", cancelled[0], "the order is placed"),
        figure("cancel a signed order", cancelled[1], "nothing of the order"),
    ]


async def fill_figures(
    world: World, buyer: LocalSigner, sellers: Sequence[LocalSigner], beside: Beside, *, parts: bool
) -> list[Figure]:
    """Orders filled by a buyer who sends the transaction: one, and five in one call."""
    found = []
    for number, placed in ((1, True), (1, False), (MANY, True), (MANY, False)):
        orders = [world.order(seller, SELL, FILLED_KG) for seller in sellers[:number]]
        transaction = await _fill(world, buyer, orders, sellers, placed=placed)
        split = await parts_of(world.chain, transaction) if parts and number == 1 else {}
        mined = await world.chain.send_one(transaction)
        name = f"fillMany {number}, {'placed' if placed else 'signed'}"
        state = f"{HOLDERS}; {'placed, ' if placed else ''}not filled before"
        found.append(Figure(name, mined.gas, state, number, beside.filling(number, placed=placed), split))
    return found


async def fee_figures(chain: Chain) -> list[Figure]:
    """The same placed order on a market that takes a fee."""
    world = await deploy_world(chain, fee_bps=FEE_BPS)
    buyer, (seller, *_) = await prepare_traders(world)
    found = []
    for state in ("no fee accrued yet", "fees accrued"):
        orders = [world.order(seller, SELL, FILLED_KG)]
        mined = await world.chain.send_one(await _fill(world, buyer, orders, [seller], placed=True))
        found.append(figure(f"fillMany 1, placed, fee of 1 %, {state}", mined, HOLDERS))
    return found


async def settle_figures(
    world: World, buyer: LocalSigner, sellers: Sequence[LocalSigner], *, parts: bool
) -> list[Figure]:
    """A matcher settles a buyer's signed order against sellers' orders, signed ones and placed ones."""
    found = []
    for number in SETTLED:
        for placed in (True, False):
            orders = [world.order(seller, SELL, OFFERED_KG, filler=world.market.address) for seller in sellers[:number]]
            signatures = await _signatures(world, orders, sellers, placed=placed)
            taking = world.order(buyer, BUY, FILLED_KG * number)
            kgs = [FILLED_KG] * number
            data = world.market.data("settle", taking, world.sign(buyer, taking), orders, signatures, kgs)
            transaction = Sent(MATCHER.address, world.market.address, data)
            split = await parts_of(world.chain, transaction) if parts and number == max(SETTLED) else {}
            mined = await world.chain.send_one(transaction)
            kind = "placed" if placed else "signed"
            state = f"{HOLDERS}; nothing of the taker's order"
            found.append(Figure(f"settle {number}, makers {kind}", mined.gas, state, number, parts=split))
    return found


async def _fill(
    world: World, buyer: LocalSigner, orders: Sequence[Order], sellers: Sequence[LocalSigner], *, placed: bool
) -> Sent:
    """The buyer's transaction that fills every order whole."""
    signatures = await _signatures(world, orders, sellers, placed=placed)
    kg = FILLED_KG * len(orders)
    data = world.market.data("fillMany", kg, OFFERED_TOTAL, PRICE_PER_KG, orders, signatures)
    return Sent(buyer.address, world.market.address, data)


async def _signatures(
    world: World, orders: Sequence[Order], makers: Sequence[LocalSigner], *, placed: bool
) -> list[bytes]:
    """What fills of these orders carry: nothing where they are placed first."""
    if placed:
        await world.place(orders)
        return [b""] * len(orders)
    return [world.sign(maker, order) for maker, order in zip(makers, orders, strict=False)]
