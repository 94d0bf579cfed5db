"""Seaport beside our market: its basic orders for a deed or a share, and its orders of one ERC-20 for another."""

from dataclasses import dataclass
from typing import NamedTuple

from eth_utils.crypto import keccak

from benchmarks.evm import peers
from benchmarks.evm.chain import Chain, Contract, Mined
from benchmarks.evm.world import ADMIN, NO_END
from ledger.chain import NOBODY
from ledger.chain.custody import LocalSigner

NOTHING = bytes(32)
ERC20, ERC721, ERC1155 = 1, 2, 3
"""Seaport's item types."""

FULL_OPEN, PARTIAL_OPEN = 0, 1
"""Seaport's order types: all or nothing, or in parts; anybody fills."""

ERC20_TO_ERC721_FULL_OPEN, ERC20_TO_ERC1155_FULL_OPEN = 8, 12
"""Seaport's basic order types: who fills pays coins."""


@dataclass(frozen=True, slots=True)
class Item:
    """What an order gives or asks for. The id is zero for coins."""

    kind: int
    token: bytes
    id: int
    amount: int


class Offer(NamedTuple):
    """An order's parameters, in Seaport's order: nothing but time and price limits who fills it."""

    offerer: bytes
    zone: bytes
    given: list[tuple[int, bytes, int, int, int]]
    asked: list[tuple[int, bytes, int, int, int, bytes]]
    order_type: int
    start: int
    end: int
    zone_hash: bytes
    salt: int
    conduit_key: bytes
    asked_length: int


class Seaport:
    """Seaport on a chain, approved of by traders directly, without a conduit."""

    def __init__(self, chain: Chain, contract: Contract) -> None:
        self.chain = chain
        self.contract = contract
        self._salt = 0

    def offer(self, seller: LocalSigner, given: Item, asked: Item, order_type: int) -> Offer:
        """An order that gives one item for another."""
        self._salt += 1
        offered = (given.kind, given.token, given.id, given.amount, given.amount)
        wanted = (asked.kind, asked.token, asked.id, asked.amount, asked.amount, seller.address)
        facts = (order_type, 0, NO_END, NOTHING, self._salt, NOTHING, 1)
        return Offer(seller.address, NOBODY, [offered], [wanted], *facts)

    async def sign(self, seller: LocalSigner, offer: Offer) -> bytes:
        """The seller's signature over an order. Its hash and the domain are the contract's own words."""
        order_hash = await self.chain.read(self.contract, "getOrderHash", (*offer[:-1], 0))
        _, separator, _ = await self.chain.read_all(self.contract, "information")
        return seller.sign(keccak(b"\x19\x01" + separator + order_hash))

    async def validate(self, seller: LocalSigner, offer: Offer) -> Mined:
        """Has the seller put an order on chain, so that it needs no signature any more."""
        data = self.contract.data("validate", [(offer, b"")])
        return await self.chain.send(seller.address, self.contract.address, data)

    async def fulfil_basic(self, buyer: LocalSigner, offer: Offer, basic_type: int, signature: bytes) -> Mined:
        """Has the buyer fill a whole order through `fulfillBasicOrder`."""
        _, token, number, amount, _ = offer.given[0]
        _, coin, _, price, _, _ = offer.asked[0]
        terms = (coin, 0, price, offer.offerer, offer.zone, token, number, amount, basic_type, offer.start, offer.end)
        keys = (NOTHING, offer.salt, NOTHING, NOTHING)
        basic = (*terms, *keys, 0, (), signature)
        data = self.contract.data("fulfillBasicOrder", basic)
        return await self.chain.send(buyer.address, self.contract.address, data)

    async def fulfil_part(self, buyer: LocalSigner, offer: Offer, parts: tuple[int, int], signature: bytes) -> Mined:
        """Has the buyer fill a fraction of an order through `fulfillAdvancedOrder`."""
        order = (offer, *parts, signature, b"")
        data = self.contract.data("fulfillAdvancedOrder", order, [], NOTHING, NOBODY)
        return await self.chain.send(buyer.address, self.contract.address, data)


async def deploy_seaport(chain: Chain) -> Seaport:
    """Deploys Seaport with a conduit controller of its own."""
    built = peers.seaport()
    controller = await chain.create(ADMIN.address, built["ConduitController"])
    return Seaport(chain, await chain.create(ADMIN.address, built["Seaport"], controller.address))
