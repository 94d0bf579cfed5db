"""A chain made up block by block: events that our contracts could have emitted, from a model that keeps their rules."""

import copy
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.chain.chunk import Block, Chunk, Event
from ledger.chain.network import Contracts
from ledger.chain.typed_data import approval_ref, authorization_ref, credit_ref, order_ref

CHAIN_ID = 31_337
NOBODY = bytes(20)
CONTRACTS = Contracts(*(bytes([0xC0 + number]) * 20 for number in range(6)))
HOLDERS = [bytes([number]) * 20 for number in range(1, 5)]
ISSUER = bytes([8]) * 20
START = datetime(2025, 1, 1, tzinfo=UTC)
FAR = 2**64 - 1
"""An end that no timestamp of ours can hold."""

Action = tuple[str, int, int, int]
"""What happens, to whom, with whom, how much; what is impossible at that moment does not happen."""

ACTIONS = (
    "issue",
    "transfer",
    "retire",
    "suspend",
    "unsuspend",
    "reverse",
    "cover",
    "replace",
    "reinstate",
    "authorize",
    "faucet",
    "pay",
    "place",
    "fill",
    "settle",
    "cancel",
    "cancel_all",
    "approve",
    "relay_failed",
)


def word(text: str) -> bytes:
    """32 bytes that stand for the text."""
    return hashlib.sha256(text.encode()).digest()


@dataclass
class Order:
    """An order as the market knows it."""

    maker: bytes
    side: int
    kg: int
    price: int
    counter: int
    salt: bytes
    filled: int = 0
    placed: bool = False
    cancelled: bool = False


@dataclass
class Batch:
    """A batch as the token knows it."""

    circulating: int = 0
    buffered: int = 0
    retired: int = 0
    owed_circulating: int = 0
    owed_retired: int = 0
    settled_retired: int = 0
    issuances: int = 0
    suspended: bool = False
    reversed: bool = False

    @property
    def is_withheld(self) -> bool:
        """Whether nothing is issued into it, or retired out of it."""
        return self.suspended or self.reversed

    def divide(self, kg: int) -> tuple[int, int, int]:
        """How much of a reversal falls on what is buffered, what circulates and what was retired."""
        buffered = min(kg, self.buffered)
        circulating = min(kg - buffered, self.circulating - self.owed_circulating)
        retired = min(kg - buffered - circulating, self.retired - self.owed_retired - self.settled_retired)
        return buffered, circulating, retired

    def settle(self, circulating: int, retired: int) -> None:
        """Strikes off what was made good."""
        self.owed_circulating -= circulating
        self.circulating -= circulating
        self.owed_retired -= retired
        self.settled_retired += retired


@dataclass
class State:
    """What the contracts hold between two blocks."""

    kg: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    micros: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    batches: dict[bytes, Batch] = field(default_factory=dict)
    orders: dict[bytes, Order] = field(default_factory=dict)
    counters: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    credits: int = 0
    nonces: int = 0


class SyntheticChain:
    """Grows, forgets its newest blocks, and hands out chunks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.events: list[list[Event]] = []
        self._before: list[State] = []
        self._state = State()
        self._forks = 0
        self.grow([])

    @property
    def head(self) -> int:
        """The newest block's number."""
        return len(self.blocks) - 1

    def grow(self, actions: Sequence[Action]) -> None:
        """Mines a block in which these things happen."""
        number = len(self.blocks)
        parent = self.blocks[-1].hash if self.blocks else bytes(32)
        self._before.append(copy.deepcopy(self._state))
        self.blocks.append(
            Block(number, word(f"{number} {self._forks}"), parent, START + timedelta(seconds=2 * number))
        )
        self.events.append([])
        for action in actions:
            getattr(self, f"_{action[0]}")(*action[1:])

    def rewind(self, to_block: int) -> None:
        """Drops every block above this one."""
        if to_block < self.head:
            self._state = self._before[to_block + 1]
            for kept in (self.blocks, self.events, self._before):
                del kept[to_block + 1 :]
            self._forks += 1

    def chunk(self, first: int, last: int) -> Chunk:
        """The blocks from `first` to `last`, with their events."""
        events = [event for block in self.events[first : last + 1] for event in block]
        return Chunk(CHAIN_ID, CONTRACTS, first, last, self.blocks[first : last + 1], events)

    def _emit(self, contract: bytes, name: str, **arguments: Any) -> None:
        block, log_index = self.blocks[-1], len(self.events[-1])
        transaction = word(f"transaction {block.hash.hex()} {log_index // 4}")
        told = {key.rstrip("_"): value for key, value in arguments.items()}
        self.events[-1].append(Event(name, contract, block.number, log_index, block.time, transaction, told))

    def _move(self, contract: bytes, giver: bytes, taker: bytes, amount: int) -> None:
        held = self._state.kg if contract == CONTRACTS.credit else self._state.micros
        held[giver] -= amount
        held[taker] += amount
        self._emit(contract, "Transfer", from_=giver, to=taker, value=amount)

    def _nonce(self) -> bytes:
        self._state.nonces += 1
        return word(f"nonce {self._state.nonces}")

    def _issue(self, who: int, which: int, amount: int) -> None:
        batch_id, buffer_kg = word(f"batch {which}"), amount // 10
        batch = self._state.batches.setdefault(batch_id, Batch())
        if batch.is_withheld:
            return
        if batch.issuances == 0:
            terms = {
                "source": b"tree_planting".ljust(32, b"\0"),
                "vintageStart": 1_704_067_200,
                "vintageEnd": 1_735_689_600,
                "verifier": HOLDERS[0],
                "level": 2,
                "country": b"GB",
                "closesAt": FAR,
                "bufferBps": 1000,
            }
            self._emit(CONTRACTS.credit, "BatchOpened", batchId=batch_id, terms=terms)
        self._state.credits += 1
        credit_id = f"CRD-2025-{self._state.credits:06d}"
        batch.circulating += amount
        batch.buffered += buffer_kg
        self._emit(
            CONTRACTS.credit,
            "CreditsIssued",
            batchId=batch_id,
            index=batch.issuances,
            issuer=ISSUER,
            recordsRoot=word(credit_id),
            kg=amount,
            bufferKg=buffer_kg,
        )
        batch.issuances += 1
        if buffer_kg:
            self._move(CONTRACTS.credit, NOBODY, CONTRACTS.credit, buffer_kg)
        self._move(CONTRACTS.credit, NOBODY, HOLDERS[who], amount)
        self._emit(CONTRACTS.credit, "CreditMinted", recipient=HOLDERS[who], amount=amount, creditId=credit_id)

    def _transfer(self, who: int, whom: int, amount: int) -> None:
        if self._state.kg[HOLDERS[who]] >= amount:
            self._move(CONTRACTS.credit, HOLDERS[who], HOLDERS[whom], amount)

    def _retire(self, who: int, which: int, amount: int) -> None:
        batch_id, batch, holder = word(f"batch {which}"), self._eligible(which), HOLDERS[who]
        if batch is None or self._state.kg[holder] < amount or batch.circulating < amount:
            return
        batch.circulating -= amount
        batch.retired += amount
        nonce = self._nonce()
        self._emit(CONTRACTS.credit, "AuthorizationUsed", authorizer=holder, nonce=nonce)
        self._move(CONTRACTS.credit, holder, NOBODY, amount)
        self._emit(
            CONTRACTS.credit,
            "CreditsRetired",
            ref=authorization_ref(holder, nonce),
            holder=holder,
            kg=amount,
            batchIds=[batch_id],
            batchKg=[amount],
            reason=1,
            period=2025,
            commitment=word("commitment"),
        )

    def _eligible(self, which: int) -> Batch | None:
        batch = self._state.batches.get(word(f"batch {which}"))
        return None if batch is None or batch.is_withheld else batch

    def _reversed(self, which: int) -> Batch | None:
        batch = self._state.batches.get(word(f"batch {which}"))
        return batch if batch is not None and batch.reversed else None

    def _suspend(self, _who: int, which: int, _amount: int) -> None:
        """As often as it comes: the months that must lie between two suspensions pass outside this story."""
        batch = self._eligible(which)
        if batch is not None:
            batch.suspended = True
            until = int(self.blocks[-1].time.timestamp()) + 30 * 86_400
            self._emit(CONTRACTS.credit, "BatchSuspended", batchId=word(f"batch {which}"), until=until)

    def _unsuspend(self, _who: int, which: int, _amount: int) -> None:
        batch = self._state.batches.get(word(f"batch {which}"))
        if batch is not None and batch.suspended:
            batch.suspended = False
            self._emit(CONTRACTS.credit, "BatchUnsuspended", batchId=word(f"batch {which}"))

    def _reverse(self, who: int, which: int, amount: int) -> None:
        """Takes back what there is of the batch, at most three times `amount`, and has another batch cover for it."""
        batch_id = word(f"batch {which}")
        batch = self._state.batches.get(batch_id)
        buffered, circulating, retired = (0, 0, 0) if batch is None else batch.divide(3 * amount)
        if batch is None or not buffered + circulating + retired:
            return
        batch.suspended, batch.reversed = False, True
        batch.buffered -= buffered
        batch.owed_circulating += circulating
        batch.owed_retired += retired
        self._emit(CONTRACTS.credit, "AuthorizationUsed", authorizer=HOLDERS[0], nonce=self._nonce())
        self._emit(
            CONTRACTS.credit,
            "BatchReversed",
            batchId=batch_id,
            verifier=HOLDERS[0],
            evidence=word("evidence"),
            bufferedKg=buffered,
            circulatingKg=circulating,
            retiredKg=retired,
        )
        covered = self._make_good(batch, which, who)
        self._move(CONTRACTS.credit, CONTRACTS.credit, NOBODY, buffered + covered)

    def _cover(self, who: int, which: int, _amount: int) -> None:
        batch = self._reversed(which)
        if batch is not None:
            self._move(CONTRACTS.credit, CONTRACTS.credit, NOBODY, self._make_good(batch, which, who))

    def _make_good(self, batch: Batch, which: int, cover: int) -> int:
        """Draws on another batch's buffer for what this one owes. Returns how much is to be burned."""
        giver = self._eligible(cover)
        covered = 0 if giver is None else min(giver.buffered, batch.owed_circulating + batch.owed_retired)
        if giver is None or not covered:
            return 0
        circulating = min(covered, batch.owed_circulating)
        giver.buffered -= covered
        giver.circulating += circulating
        batch.settle(circulating, covered - circulating)
        self._emit(
            CONTRACTS.credit,
            "DeficitCovered",
            batchId=word(f"batch {which}"),
            coverBatchId=word(f"batch {cover}"),
            circulatingKg=circulating,
            retiredKg=covered - circulating,
        )
        return covered

    def _replace(self, who: int, which: int, amount: int) -> None:
        """Somebody burns credits of theirs for what a batch owes; the retired part comes out of another batch."""
        batch = self._reversed(which)
        owed = 0 if batch is None else batch.owed_circulating + batch.owed_retired
        kg = min(amount, owed, self._state.kg[HOLDERS[who]])
        if batch is None or not kg:
            return
        circulating = min(kg, batch.owed_circulating)
        givers = [number for number in range(4) if (giver := self._eligible(number)) and giver.circulating >= kg]
        if kg > circulating and not givers:
            return
        batch.settle(circulating, kg - circulating)
        drawn = {word(f"batch {givers[0]}"): kg - circulating} if kg > circulating else {}
        for batch_id, taken in drawn.items():
            self._state.batches[batch_id].circulating -= taken
        self._emit(
            CONTRACTS.credit,
            "DeficitReplaced",
            batchId=word(f"batch {which}"),
            account=HOLDERS[who],
            circulatingKg=circulating,
            batchIds=list(drawn),
            batchKg=list(drawn.values()),
        )
        self._move(CONTRACTS.credit, HOLDERS[who], NOBODY, kg)

    def _reinstate(self, _who: int, which: int, _amount: int) -> None:
        batch = self._reversed(which)
        if batch is not None and batch.owed_circulating + batch.owed_retired == 0:
            batch.reversed = False
            self._emit(CONTRACTS.credit, "BatchReinstated", batchId=word(f"batch {which}"))

    def _authorize(self, who: int, whom: int, amount: int) -> None:
        nonce = self._nonce()
        if amount % 2:
            self._emit(CONTRACTS.credit, "AuthorizationCanceled", authorizer=HOLDERS[who], nonce=nonce)
            return
        self._emit(CONTRACTS.credit, "AuthorizationUsed", authorizer=HOLDERS[who], nonce=nonce)
        self._transfer(who, whom, min(amount, self._state.kg[HOLDERS[who]]))

    def _faucet(self, who: int, _whom: int, amount: int) -> None:
        self._move(CONTRACTS.dollar, NOBODY, HOLDERS[who], amount * 1_000_000)

    def _pay(self, who: int, whom: int, amount: int) -> None:
        if self._state.micros[HOLDERS[who]] >= amount:
            self._move(CONTRACTS.dollar, HOLDERS[who], HOLDERS[whom], amount)

    def _sign(self, who: int, side: int, amount: int) -> bytes:
        maker, salt = HOLDERS[who], self._nonce()
        ref = order_ref(maker, salt)
        price = 20_000 + amount
        self._state.orders[ref] = Order(maker, side, amount, price, self._state.counters[maker], salt)
        return ref

    def _place(self, who: int, whom: int, amount: int) -> None:
        """Places a new order, or now and then one that was only signed so far."""
        signed = [ref for ref, order in self._state.orders.items() if self._is_open(order) and not order.placed]
        ref = signed[0] if signed and amount % 3 == 0 else self._sign(who, whom % 2, amount)
        order = self._state.orders[ref]
        order.placed = True
        placed = {
            "maker": order.maker,
            "side": order.side,
            "kg": order.kg,
            "pricePerKg": order.price if amount % 5 else 2**128 - 1,
            "minFillKg": 1,
            "filler": NOBODY,
            "expiry": FAR if amount % 2 else 1_767_225_600,
            "counter": order.counter,
            "salt": order.salt,
            "maxFeeBps": 100,
        }
        self._emit(CONTRACTS.market, "OrderPlaced", ref=ref, maker=order.maker, order=placed)

    def _is_open(self, order: Order) -> bool:
        return not order.cancelled and order.filled < order.kg and order.counter == self._state.counters[order.maker]

    def _fill(self, who: int, which: int, amount: int) -> None:
        self._take(HOLDERS[who], bytes(32), which, amount)

    def _settle(self, who: int, which: int, amount: int) -> None:
        """A signed order takes; it may be placed afterwards."""
        taker_ref = self._sign(who, 0, 2 * amount)
        taken = self._take(HOLDERS[who], taker_ref, which, amount)
        if taken:
            self._state.orders[taker_ref].filled += taken
            self._emit(
                CONTRACTS.market, "OrderSettled", takerRef=taker_ref, taker=HOLDERS[who], kg=taken, total=taken, fee=0
            )

    def _take(self, taker: bytes, taker_ref: bytes, which: int, amount: int) -> int:
        usable = [
            (ref, order)
            for ref, order in self._state.orders.items()
            if self._is_open(order) and order.maker != taker and order.side == 1
        ]
        if not usable:
            return 0
        ref, order = usable[which % len(usable)]
        kg = min(amount, order.kg - order.filled)
        total = kg * order.price
        if self._state.kg[order.maker] < kg or self._state.micros[taker] < total:
            return 0
        order.filled += kg
        self._emit(
            CONTRACTS.market,
            "OrderFilled",
            ref=ref,
            takerRef=taker_ref,
            taker=taker,
            maker=order.maker,
            side=order.side,
            kg=kg,
            pricePerKg=order.price,
            total=total,
            fee=0,
        )
        self._move(CONTRACTS.dollar, taker, order.maker, total)
        self._move(CONTRACTS.credit, order.maker, taker, kg)
        return kg

    def _cancel(self, who: int, which: int, _amount: int) -> None:
        orders = [(ref, order) for ref, order in self._state.orders.items() if order.maker == HOLDERS[who]]
        mine = [ref for ref, order in orders if order.placed and not order.cancelled]
        if mine:
            ref = mine[which % len(mine)]
            self._state.orders[ref].cancelled = True
            self._emit(CONTRACTS.market, "OrderCancelled", ref=ref, maker=HOLDERS[who])

    def _cancel_all(self, who: int, _whom: int, amount: int) -> None:
        if amount % 3 == 0:  # seldom, or no order would live
            self._state.counters[HOLDERS[who]] += 1
            self._emit(
                CONTRACTS.market, "CounterRaised", maker=HOLDERS[who], counter=self._state.counters[HOLDERS[who]]
            )

    def _approve(self, who: int, whom: int, amount: int) -> None:
        token = CONTRACTS.credit if amount % 2 else CONTRACTS.dollar
        self._emit(token, "Approval", owner=HOLDERS[who], spender=HOLDERS[whom % 2], value=amount)

    def _relay_failed(self, who: int, whom: int, amount: int) -> None:
        """An action of ours fails, whose effect may have come before or may come later."""
        refs = refs_that_may_come()
        allowance = approval_ref(CONTRACTS.credit, HOLDERS[who], HOLDERS[whom % 2])
        ref = allowance if amount % 2 else refs[(7 * amount + 3 * who + whom) % len(refs)]
        self._emit(CONTRACTS.relay, "ActionRelayed", id=ref, success=False, result=b"")


def refs_that_may_come() -> list[bytes]:
    """Refs of what this chain can do: what intents of ours may be waiting for."""
    nonces = [word(f"nonce {number}") for number in range(1, 6)]
    return [
        *(credit_ref(f"CRD-2025-{number:06d}") for number in range(1, 8)),
        *(authorization_ref(holder, nonce) for holder in HOLDERS for nonce in nonces),
        *(
            approval_ref(token, owner, spender)
            for token in (CONTRACTS.credit, CONTRACTS.dollar)
            for owner in HOLDERS
            for spender in HOLDERS[:2]
        ),
    ]
