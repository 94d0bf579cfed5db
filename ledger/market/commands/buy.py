"""Buying from a listing: a signed order for all or nothing, settled against the placed one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import Account
from ledger.chain import Intent, Network, function_data, lock_position, queue, relay_payload
from ledger.credits import positive_kg
from ledger.db.sequences import next_id
from ledger.kernel.errors import ListingNotFound
from ledger.kernel.ids import IdKind
from ledger.market import orders, rules, store
from ledger.market.models import Listing, Purchase

SETTLE_GAS = 1_000_000
"""The share that the market grants to one fill (700,000), what it needs to grant it, and its own bookkeeping."""
ORDER_LIFETIME = timedelta(hours=1)
"""A purchase that the chain did not see for so long is off: nobody pays tomorrow for what they wanted today."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a buyer asks for, as they wrote it."""

    listing_id: str
    tonnes: Decimal
    max_total_dollars: Decimal | None = None
    """The most that it may cost; no limit where it is missing."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase as it was agreed; the chain settles it."""

    purchase: Purchase
    listing: Listing
    seller: str
    """The seller's public id."""


async def buy(session: AsyncSession, network: Network, buyer: Account, demand: Demand, moment: datetime) -> Bought:
    """Buys from a listing at its price, all or nothing. Pays kg x price, exactly.

    Locks the listing first and the buyer's position second; nothing else locks both, so no two buyers wait for each
    other in a circle.

    Raises:
        InvalidAmount, InvalidTerms: an amount or a maximum that nobody can have meant.
        WalletNotConnected: the buyer has no custody wallet.
        ListingNotFound, OwnListing, InsufficientCredits, BelowMinimumPurchase, PriceChanged, InsufficientFunds:
            as `rules.check_purchase` says.
    """
    kg = positive_kg("amount", demand.tonnes)
    most_total = None if demand.max_total_dollars is None else rules.micros("maxTotal", demand.max_total_dollars)
    wallet = orders.signer_of(network, buyer).address
    listing = await store.lock_listing(session, demand.listing_id)
    if listing is None:
        raise ListingNotFound("There is no such listing; look for one among the listings.", listingId=demand.listing_id)
    await lock_position(session, network.chain_id, wallet)
    latest = await store.latest_moment(session, network.chain_id, moment)
    behind = await store.availability(session, network.chain_id, listing.ref, wallet, latest)
    total = rules.check_purchase(
        kg,
        listing.price_per_kg,
        listing.minimum_kg,
        most_total,
        behind,
        is_own=listing.account_id == buyer.account_id,
    )
    all_or_nothing = rules.Offer(kg, listing.price_per_kg, kg, latest + ORDER_LIFETIME)
    intent = await _queue_settlement(session, network, buyer, listing, all_or_nothing)
    purchase = Purchase(
        purchase_id=await next_id(session, IdKind.PURCHASE, moment),
        account_id=buyer.account_id,
        listing_id=listing.listing_id,
        ref=intent.ref,
        kg=kg,
        total_micros=total,
        intent_id=intent.intent_id,
    )
    session.add(purchase)
    await session.flush()
    seller = (
        await session.execute(select(Account.public_id).where(Account.account_id == listing.account_id))
    ).scalar_one()
    return Bought(purchase, listing, seller)


async def _queue_settlement(
    session: AsyncSession, network: Network, buyer: Account, listing: Listing, wanted: rules.Offer
) -> Intent:
    signed = orders.buy_order(network, buyer, wanted)
    resting = orders.from_json(listing.order)
    no_signature = b""  # the resting order stands on chain already
    data = function_data(
        "CarbonMarket", "settle", [signed.order, signed.signature, [resting], [no_signature], [int(wanted.kg)]]
    )
    return await queue(
        session,
        Intent(
            chain_id=network.chain_id,
            kind="settle",
            ref=signed.ref,
            account_id=buyer.account_id,
            holder=signed.order.maker,
            debit_micros=wanted.price_per_kg.total(wanted.kg),
            order_ref=listing.ref,
            order_kg=wanted.kg,
            lane="relay",
            payload=relay_payload(network.contracts.market, data, SETTLE_GAS),
        ),
    )
