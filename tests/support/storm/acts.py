"""What people do on the chain in the storm. Whatever is impossible at that moment reverts, as it would anywhere."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from eth_utils.crypto import keccak

from ledger.chain import (
    BUY,
    FOREVER,
    NOBODY,
    SELL,
    Issuance,
    Network,
    Order,
    Retirement,
    Rpc,
    Transfer,
    approval_ref,
    authorization_ref,
    credit_ref,
    function_data,
    issuance_digest,
    order_digest,
    order_ref,
    transfer_digest,
)
from ledger.chain.abi import ContractName
from ledger.chain.rpc import to_hex
from ledger.kernel.ids import credit_number
from tests.support.chain import VERIFIER, batch_terms, cancelled_authorization, read, reversal
from tests.support.storm.forks import Call, make_rich

Act = tuple[str, int, int, int]
"""What is done, by whom, with what or whom, how much."""

HOLDERS = 4
BATCHES = 3
NONCES = 6
"""So few that the same authorisation, credit or order comes again on another fork, in another place."""
PLENTY_MICROS = 10**15
FIRST_CREDITS_KG = 1_000
PRICE_MICROS = 20_000
SOURCES = (b"energy_efficiency", b"tree_planting", b"renewable_energy")
STRANGER = keccak(text="stranger")[-20:]
TRANSFER_BY_BYTES = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
CANCEL_BY_BYTES = "cancelAuthorization(address,bytes32,bytes)"


def word(*parts: object) -> bytes:
    """32 bytes that stand for the parts."""
    return keccak(text=" ".join(str(part) for part in parts))


class Actors:
    """Four holders, the verifier, our operators, and a stranger who passes on what others signed."""

    def __init__(self, rpc: Rpc, network: Network) -> None:
        self._rpc = rpc
        self._network = network
        self._contracts = network.contracts
        self.holders = [network.custody.holder(index) for index in range(HOLDERS)]
        self._terms = [batch_terms(network, source=source) for source in SOURCES]
        self._issued: dict[bytes, int] = {}

    async def prepare(self) -> None:
        """Gives everybody ether, dollars, trust in the market, and some first credits."""
        operators = [self._network.custody.operator(name).address for name in ("deployer", "issuer", "guardian")]
        await make_rich(self._rpc, [STRANGER, *operators, *(each.address for each in self.holders)])
        for who in range(HOLDERS):
            for calls in (
                await self.calls([("faucet", who, 0, PLENTY_MICROS)]),
                await self.calls([("issue", who, who % BATCHES, FIRST_CREDITS_KG + who)]),
                [self._trust(who, "CarbonCredit"), self._trust(who, "TestDollar")],
            ):
                for call in calls:
                    sent = {"from": to_hex(call.sender), "to": to_hex(call.to), "data": to_hex(call.data)}
                    await self._rpc.call("eth_sendTransaction", sent)

    async def calls(self, acts: Sequence[Act]) -> list[Call]:
        """The transactions of the acts, which shall come into one block."""
        self._issued = {}
        return [await ACTS[name](self, *arguments) for name, *arguments in acts]

    def refs(self) -> list[bytes]:
        """The names of everything that can be done here and that an intent of ours may wait for."""
        owners = [holder.address for holder in self.holders]
        return [
            *(credit_ref(_credit_id(number)) for number in range(NONCES)),
            *(authorization_ref(owner, word("nonce", n)) for owner in owners for n in range(NONCES)),
            *(order_ref(owner, _salt(n, 0)) for owner in owners for n in range(NONCES)),
            *(approval_ref(self._contracts.credit, owner, other) for owner in owners for other in owners[:2]),
        ]

    async def _faucet(self, who: int, _whom: int, amount: int) -> Call:
        return self._call(STRANGER, "TestDollar", "faucet", self._of(who), amount)

    async def _pay(self, who: int, whom: int, amount: int) -> Call:
        return self._call(self._of(who), "TestDollar", "transfer", self._of(whom), amount)

    async def _transfer(self, who: int, whom: int, amount: int) -> Call:
        return self._call(self._of(who), "CarbonCredit", "transfer", self._of(whom), amount)

    async def _approve(self, who: int, whom: int, amount: int) -> Call:
        return self._call(self._of(who), "CarbonCredit", "approve", self._of(whom % 2), amount)

    async def _issue(self, who: int, which: int, amount: int) -> Call:
        """Credits of a batch: whose number comes again on another fork, or is one that nobody waits for."""
        terms = self._terms[which % BATCHES]
        credit = self._contracts.credit
        so_far = self._issued.get(terms.batch_id, 0)
        self._issued[terms.batch_id] = so_far + 1
        index = await read(self._rpc, "CarbonCredit", credit, "nextIndex", terms.batch_id)
        assert isinstance(index, int)
        issuance = Issuance(
            batch_id=terms.batch_id,
            position=index + so_far,
            records_root=word("records", amount),
            recipients=(self._of(who),),
            kg=(amount,),
            credit_ids=(credit_number(_credit_id(amount)),),
            buffer_kg=amount // 10 + 1,
            deadline=terms.closes_at,
        )
        signature = self._network.custody.holder(VERIFIER).sign(issuance_digest(self._network.credit_domain, issuance))
        return self._call(self._operator("issuer"), "CarbonCredit", "issue", terms, issuance, signature)

    async def _retire(self, who: int, which: int, amount: int) -> Call:
        batch_ids = (self._terms[which % BATCHES].batch_id,) if amount % 2 else ()
        retirement = Retirement(amount, batch_ids, 0, word("why"), 1, 2025, word("nonce", amount % NONCES))
        return self._call(self._of(who), "CarbonCredit", "retire", retirement, BATCHES)

    async def _authorize(self, who: int, whom: int, amount: int) -> Call:
        data = self._signed_transfer(who, whom, amount)
        return Call(STRANGER, self._contracts.credit, data)

    async def _relay(self, who: int, whom: int, amount: int) -> Call:
        """A signed transfer by our relay; of more than there is every other time."""
        data = self._signed_transfer(who, whom, amount if amount % 2 else amount * PLENTY_MICROS)
        ref = authorization_ref(self._of(who), word("nonce", amount % NONCES))
        return self._call(STRANGER, "Relay", "relay", [(self._contracts.credit, data, 200_000, ref)])

    async def _cancel_authorization(self, who: int, _whom: int, amount: int) -> Call:
        nonce = word("nonce", amount % NONCES)
        signature = cancelled_authorization(self._network, self.holders[who], nonce)
        return self._call(STRANGER, "CarbonCredit", CANCEL_BY_BYTES, self._of(who), nonce, signature)

    async def _suspend(self, _who: int, which: int, _amount: int) -> Call:
        return self._about_batch("guardian", "suspend", which)

    async def _unsuspend(self, _who: int, which: int, _amount: int) -> Call:
        return self._about_batch("deployer", "unsuspend", which)

    async def _reverse(self, who: int, which: int, amount: int) -> Call:
        members, signature = reversal(self._network, self._batch(which), amount, nonce=word("reversal", amount))
        covers = [self._batch(who)] if (which - who) % BATCHES else []
        return self._call(self._operator("deployer"), "CarbonCredit", "reverse", members, covers, signature)

    async def _cover(self, who: int, which: int, _amount: int) -> Call:
        return self._call(STRANGER, "CarbonCredit", "cover", self._batch(which), [self._batch(who)])

    async def _replace(self, who: int, which: int, amount: int) -> Call:
        return self._call(self._of(who), "CarbonCredit", "replace", self._batch(which), amount, BATCHES)

    async def _reinstate(self, _who: int, which: int, _amount: int) -> Call:
        return self._about_batch("deployer", "reinstate", which)

    async def _place(self, who: int, _whom: int, amount: int) -> Call:
        order, signature = await self._order(who, amount)
        return self._call(STRANGER, "CarbonMarket", "place", order, signature)

    async def _fill(self, who: int, whom: int, amount: int) -> Call:
        """Buys from a signed order that sells, whether it is placed or not."""
        order, signature = await self._order(whom, amount | 1)
        kg = 1 + amount % order.kg
        return self._call(
            self._of(who), "CarbonMarket", "fillMany", kg, PLENTY_MICROS, PLENTY_MICROS, [order], [signature]
        )

    async def _settle(self, who: int, whom: int, amount: int) -> Call:
        """A signed order to buy takes from one that sells."""
        takers, makers = await self._order(who, amount & ~1), await self._order(whom, amount | 1)
        arguments = (*takers, [makers[0]], [makers[1]], [1 + amount % 5])
        return self._call(STRANGER, "CarbonMarket", "settle", *arguments)

    async def _cancel(self, who: int, _whom: int, amount: int) -> Call:
        order, _ = await self._order(who, amount)
        return self._call(self._of(who), "CarbonMarket", "cancel", order.salt)

    async def _cancel_all(self, who: int, _whom: int, _amount: int) -> Call:
        return self._call(self._of(who), "CarbonMarket", "cancelAll")

    async def _order(self, who: int, number: int) -> tuple[Order, bytes]:
        """One of the holder's few orders: odd ones sell, even ones buy, all at prices that meet."""
        market = self._contracts.market
        counter = await read(self._rpc, "CarbonMarket", market, "counterOf", self._of(who))
        assert isinstance(counter, int)
        number %= NONCES
        side = SELL if number % 2 else BUY
        order = Order(
            maker=self._of(who),
            side=side,
            kg=10 + number,
            price_per_kg=PRICE_MICROS + (number if side == BUY else -number),
            min_fill_kg=1,
            filler=NOBODY,
            expiry=2**63,
            counter=counter,
            salt=_salt(number, counter),
            max_fee_bps=100,
        )
        return order, self.holders[who].sign(order_digest(self._network.market_domain, order))

    def _signed_transfer(self, who: int, whom: int, amount: int) -> bytes:
        transfer = Transfer(self._of(who), self._of(whom), amount, 0, FOREVER, word("nonce", amount % NONCES))
        signature = self.holders[who].sign(transfer_digest(self._network.credit_domain, transfer))
        return function_data("CarbonCredit", TRANSFER_BY_BYTES, [*transfer, signature])

    def _trust(self, who: int, token: ContractName) -> Call:
        return self._call(self._of(who), token, "approve", self._contracts.market, FOREVER)

    def _about_batch(self, operator: Any, name: str, which: int) -> Call:
        return self._call(self._operator(operator), "CarbonCredit", name, self._batch(which))

    def _batch(self, which: int) -> bytes:
        return self._terms[which % BATCHES].batch_id

    def _operator(self, name: Any) -> bytes:
        return self._network.custody.operator(name).address

    def _of(self, who: int) -> bytes:
        return self.holders[who].address

    def _call(self, sender: bytes, contract: ContractName, name: str, *arguments: object) -> Call:
        return Call(sender, self._contracts.named()[contract], function_data(contract, name, arguments))


def _credit_id(number: int) -> str:
    return f"CRD-2025-{number + 1:06d}"


def _salt(number: int, counter: int) -> bytes:
    return word("salt", number, counter)


ACTS: dict[str, Callable[[Actors, int, int, int], Awaitable[Call]]] = {
    name.removeprefix("_"): getattr(Actors, name)
    for name in (
        "_faucet",
        "_pay",
        "_transfer",
        "_approve",
        "_issue",
        "_retire",
        "_authorize",
        "_relay",
        "_cancel_authorization",
        "_suspend",
        "_unsuspend",
        "_reverse",
        "_cover",
        "_replace",
        "_reinstate",
        "_place",
        "_fill",
        "_settle",
        "_cancel",
        "_cancel_all",
    )
}
