"""A chain on which much has happened: thousands of holders, transfers in every block, all else now and then."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from benchmarks.evm.chain import Sent
from benchmarks.evm.world import DOLLARS, PRICE_PER_KG, World, people, person
from ledger.chain import SELL, Retirement
from ledger.chain.custody import LocalSigner

FIRST_KG = 1000
"""What every holder is given at first."""
CREDITS_AN_ISSUANCE = 100
TRANSFER_GAS = 100_000
SEED = 2025


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens."""

    holders: int
    blocks: int
    """Blocks full of transfers. What else happens has blocks of its own between them."""
    transfers: int
    """In each of those blocks."""
    pause: int = 10
    """After so many of those blocks, once everything else: credits issued, orders placed and filled, retirements."""
    each: int = 5
    """How many of each then."""


@dataclass(slots=True)
class Told:
    """What happened, as the one who did it counts it: so many rows each mirror must have."""

    transfers: int = 0
    """Between holders, by their own transaction."""
    issued: int = 0
    placed: int = 0
    filled: int = 0
    retired: int = 0
    first_busy_block: int = 0
    """The block from which on transfers fill the chain."""


class Trading:
    """Makes things happen in a world, the same in every run."""

    def __init__(self, world: World, size: Size) -> None:
        self.world = world
        self._size = size
        self._chance = random.Random(SEED)  # noqa: S311  # to be the same in every run is what it is for
        self._holders = people("holder", size.holders)
        self._sellers = self._holders[: size.each]
        self._buyer = person("buyer")
        self._calldata = [world.credit.data("transfer", holder.address, 1) for holder in self._holders]
        self.told = Told()

    async def everything(self) -> Told:
        """Gives everybody credits, then lets them trade for as many blocks as the size says."""
        await self._begin()
        for block in range(self._size.blocks):
            await self.transfers(self._size.transfers)
            if block % self._size.pause == 0:
                await self._all_else(block)
        return self.told

    async def transfers(self, number: int) -> None:
        """A block of transfers between holders, a kilogram each."""
        await self.world.chain.mine([self._transfer() for _ in range(number)])
        self.told.transfers += number

    async def _begin(self) -> None:
        """Everybody holds credits and can pay for gas, the traders may trade."""
        holders, chain = self._holders, self.world.chain
        for start in range(0, len(holders), CREDITS_AN_ISSUANCE):
            await self._issue(holders[start : start + CREDITS_AN_ISSUANCE], FIRST_KG)
        await self.world.equip([self._buyer, *self._sellers])
        await chain.give_gas_money(holder.address for holder in holders)
        self.told.first_busy_block = int(await chain.rpc.call("eth_blockNumber"), 16) + 1

    async def _all_else(self, block: int) -> None:
        each = self._size.each
        await self._issue(self._chance.sample(self._holders, each), 1)
        orders = [self.world.order(seller, SELL, 1) for seller in self._sellers]
        await self.world.place(orders)
        fill = self.world.market.data("fillMany", each, each * DOLLARS, PRICE_PER_KG, orders, [b""] * each)
        retirers = self._chance.sample(self._holders, each)
        await self.world.chain.send_all(
            [
                Sent(self._buyer.address, self.world.market.address, fill),
                *(self._retirement(holder, block) for holder in retirers),
            ]
        )
        self.told.placed += each
        self.told.filled += each
        self.told.retired += each

    async def _issue(self, holders: Sequence[LocalSigner], kg: int) -> None:
        await self.world.issue(holders, kg)
        self.told.issued += len(holders)

    def _transfer(self) -> Sent:
        giver, taker = self._chance.choice(self._holders), self._chance.choice(self._calldata)
        return Sent(giver.address, self.world.credit.address, taker, TRANSFER_GAS)

    def _retirement(self, holder: LocalSigner, block: int) -> Sent:
        retirement = Retirement(
            kg=1,
            batch_ids=(),
            earliest_vintage=0,
            commitment=keccak(text="for whom"),
            reason=1,
            period=2025,
            nonce=block.to_bytes(32),
        )
        return Sent(holder.address, self.world.credit.address, self.world.credit.data("retire", retirement, 1))
