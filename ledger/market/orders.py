"""Orders as the market contract takes them, signed with the custody key of who trades."""

import secrets
from dataclasses import dataclass
from typing import Any

from ledger.accounts import Account
from ledger.chain import BUY, NOBODY, SELL, Network, Order, Signer, order_digest, order_ref
from ledger.chain.abi import json_value
from ledger.kernel.errors import WalletNotConnected
from ledger.market.rules import Offer

SALT_BYTES = 32
COUNTER = 0
"""No custody key ever cancels all its orders at once, so each still has its first counter."""
MAX_FEE_BPS = 0
"""What is shown is what is paid: a market that came to charge a fee would refuse our orders, not raise their total."""


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """An order, its name on chain, and its maker's signature."""

    order: Order
    ref: bytes
    signature: bytes


def sell_order(network: Network, seller: Account, offer: Offer) -> SignedOrder:
    """What anybody may buy from, in parts of at least the offer's minimum.

    Raises:
        WalletNotConnected: the seller has no custody wallet.
    """
    return _signed(network, seller, SELL, offer)


def buy_order(network: Network, buyer: Account, offer: Offer) -> SignedOrder:
    """What the buyer pays for, at the offer's price at most.

    Raises:
        WalletNotConnected: the buyer has no custody wallet.
    """
    return _signed(network, buyer, BUY, offer)


def signer_of(network: Network, account: Account) -> Signer:
    """The key that an account trades with.

    Raises:
        WalletNotConnected: it has no wallet, or one whose key we do not hold.
    """
    if account.custody_index is None:
        raise WalletNotConnected("This account has no wallet that can sign here; trade from your own wallet on chain.")
    return network.custody.holder(account.custody_index)


def to_json(order: Order) -> dict[str, Any]:
    """The order as its listing keeps it: whole numbers as decimal text, bytes as 0x text."""
    return {field: json_value(member) for field, member in order._asdict().items()}


def from_json(kept: dict[str, Any]) -> Order:
    """The order again: the inverse of `to_json`."""
    members: dict[str, Any] = {
        field: bytes.fromhex(text.removeprefix("0x")) if text.startswith("0x") else int(text)
        for field, text in kept.items()
    }
    return Order(**members)


def _signed(network: Network, maker: Account, side: int, offer: Offer) -> SignedOrder:
    signer = signer_of(network, maker)
    order = Order(
        maker=signer.address,
        side=side,
        kg=int(offer.kg),
        price_per_kg=int(offer.price_per_kg),
        min_fill_kg=int(offer.minimum_kg),
        filler=NOBODY,
        expiry=int(offer.expires_at.timestamp()),
        counter=COUNTER,
        salt=secrets.token_bytes(SALT_BYTES),
        max_fee_bps=MAX_FEE_BPS,
    )
    digest = order_digest(network.market_domain, order)
    return SignedOrder(order, order_ref(order.maker, order.salt), signer.sign(digest))
