"""Offering credits for sale: a sell order, placed on chain."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.chain import Intent, Network, function_data, lock_position, queue, relay_payload
from ledger.credits import available_kg
from ledger.db.sequences import next_id
from ledger.events import record
from ledger.kernel.errors import InsufficientCredits
from ledger.kernel.ids import IdKind
from ledger.market import orders, rules, store
from ledger.market.models import Listing

PLACE_GAS = 200_000
"""One signature, two storage slots, one event."""


async def list_credits(
    session: AsyncSession, network: Network, seller: Account, terms: rules.Terms, moment: datetime
) -> Listing:
    """Offers the seller's credits. They stay the seller's until somebody buys, but can be promised to nobody else.

    Raises:
        InvalidAmount, InvalidTerms: terms that nobody can have meant.
        WalletNotConnected: the seller has no custody wallet.
        InsufficientCredits: more than is available.
    """
    offer = rules.offer(terms, await store.latest_moment(session, network.chain_id, moment))
    wallet = orders.signer_of(network, seller).address
    await lock_position(session, network.chain_id, wallet)
    available = await available_kg(session, network.chain_id, wallet, store.reserved_kg)
    if offer.kg > available:
        raise InsufficientCredits(
            f"{available.tonnes} t are available, {offer.kg.tonnes} t were offered.",
            available=available.tonnes,
            requested=offer.kg.tonnes,
        )
    signed = orders.sell_order(network, seller, offer)
    data = function_data("CarbonMarket", "place", [signed.order, signed.signature])
    intent = await queue(
        session,
        Intent(
            chain_id=network.chain_id,
            kind="place",
            ref=signed.ref,
            account_id=seller.account_id,
            holder=wallet,
            debit_kg=offer.kg,
            lane="relay",
            payload=relay_payload(network.contracts.market, data, PLACE_GAS),
        ),
    )
    listing = Listing(
        listing_id=await next_id(session, IdKind.LISTING, moment),
        account_id=seller.account_id,
        ref=signed.ref,
        kg=offer.kg,
        price_per_kg=offer.price_per_kg,
        minimum_kg=offer.minimum_kg,
        expires_at=offer.expires_at,
        order=orders.to_json(signed.order),
        intent_id=intent.intent_id,
    )
    session.add(listing)
    await session.flush()
    record(
        session,
        "order.placed",
        listing.listing_id,
        {
            "listingId": listing.listing_id,
            "seller": seller.public_id,
            "kg": int(offer.kg),
            "pricePerKg": int(offer.price_per_kg),
        },
    )
    return listing
