"""Rows that each stand for one event of the chain: how the mirror and the log name and tell the same fact."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger.chain.abi import ContractName
from ledger.chain.chunk import bounded, moment_of
from ledger.chain.typed_data import SELL
from ledger.credits.mirror_models import CreditBatch, MintedCredit, RetiredCredits, UsedAuthorization
from ledger.db.base import Base
from ledger.market.mirror_models import MarketFill, MarketOrder
from ledger.reconcile.evidence import hexed, placed
from ledger.reconcile.told import ToldEvent

Arguments = dict[str, Any]
Fact = tuple[Any, Arguments]
"""What names it, and what it says."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one table."""

    contract: ContractName
    events: tuple[str, ...]
    rows: type[Base]
    block: str
    """The column with the event's block."""
    kept: Callable[[Any], Fact]
    told: Callable[[ToldEvent, Arguments], Fact]
    name: Callable[[Any], str]


def parties(fill: Arguments) -> tuple[bytes, bytes]:
    """Seller and buyer; the event's side is the maker's."""
    return (fill["maker"], fill["taker"]) if fill["side"] == SELL else (fill["taker"], fill["maker"])


def _at_its_place(row: Any) -> tuple[int, int]:
    return row.block_number, row.log_index


def _minted(row: MintedCredit) -> Fact:
    return _at_its_place(row), {
        "transaction": row.transaction_hash,
        "creditId": row.credit_id,
        "recipient": row.recipient,
        "amount": int(row.kg),
    }


def _retired(row: RetiredCredits) -> Fact:
    return _at_its_place(row), {
        "transaction": row.transaction_hash,
        "ref": row.ref,
        "holder": row.holder,
        "kg": int(row.kg),
        "batchIds": [bytes.fromhex(part["batchId"][2:]) for part in row.batches],
        "batchKg": [part["kg"] for part in row.batches],
        "reason": row.reason,
        "period": row.period,
        "commitment": row.commitment,
    }


def _filled(row: MarketFill) -> Fact:
    return _at_its_place(row), {
        "transaction": row.transaction_hash,
        "ref": row.ref,
        "takerRef": row.taker_ref,
        "seller": row.seller,
        "buyer": row.buyer,
        "kg": int(row.kg),
        "pricePerKg": int(row.price_per_kg),
        "total": int(row.total_micros),
        "fee": int(row.fee_micros),
    }


def _opened(row: CreditBatch) -> Fact:
    return row.batch_id, {
        "source": row.source,
        "vintage": (row.vintage_start, row.vintage_end),
        "verifier": row.verifier,
        "level": row.level,
        "country": row.country,
        "closesAt": row.closes_at,
        "bufferBps": row.buffer_bps,
    }


def _placed(row: MarketOrder) -> Fact:
    return row.ref, {
        "transaction": row.transaction_hash,
        "maker": row.maker,
        "side": row.side,
        "kg": int(row.kg),
        "pricePerKg": int(row.price_per_kg),
        "minimumKg": int(row.minimum_kg),
        "expiresAt": row.expires_at,
        "counter": row.counter,
    }


def _used(row: UsedAuthorization) -> Fact:
    return (row.authorizer, row.nonce), {"cancelled": row.cancelled}


def _told_fact(event: ToldEvent, arguments: Arguments) -> Fact:
    return event.place, {"transaction": event.log.transaction_hash, **arguments}


def _told_fill(event: ToldEvent, arguments: Arguments) -> Fact:
    seller, buyer = parties(arguments)
    shared = {key: arguments[key] for key in ("ref", "takerRef", "kg", "pricePerKg", "total", "fee")}
    return event.place, {"transaction": event.log.transaction_hash, "seller": seller, "buyer": buyer, **shared}


def _told_batch(_event: ToldEvent, arguments: Arguments) -> Fact:
    terms = arguments["terms"]
    return arguments["batchId"], {
        "source": _ascii(terms["source"]),
        "vintage": (moment_of(terms["vintageStart"]), moment_of(terms["vintageEnd"])),
        "verifier": terms["verifier"],
        "level": terms["level"],
        "country": _ascii(terms["country"]),
        "closesAt": moment_of(terms["closesAt"]),
        "bufferBps": terms["bufferBps"],
    }


def _told_order(event: ToldEvent, arguments: Arguments) -> Fact:
    order = arguments["order"]
    return arguments["ref"], {
        "transaction": event.log.transaction_hash,
        "maker": order["maker"],
        "side": order["side"],
        "kg": bounded(order["kg"]),
        "pricePerKg": bounded(order["pricePerKg"]),
        "minimumKg": bounded(order["minFillKg"]),
        "expiresAt": moment_of(order["expiry"]),
        "counter": order["counter"],
    }


def _told_use(event: ToldEvent, arguments: Arguments) -> Fact:
    return (arguments["authorizer"], arguments["nonce"]), {"cancelled": event.name == "AuthorizationCanceled"}


def _ascii(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("ascii", errors="replace")


FACTS = (
    Facts("CarbonCredit", ("CreditMinted",), MintedCredit, "block_number", _minted, _told_fact, placed),
    Facts("CarbonCredit", ("CreditsRetired",), RetiredCredits, "block_number", _retired, _told_fact, placed),
    Facts("CarbonCredit", ("BatchOpened",), CreditBatch, "opened_block", _opened, _told_batch, hexed),
    Facts(
        "CarbonCredit",
        ("AuthorizationUsed", "AuthorizationCanceled"),
        UsedAuthorization,
        "block_number",
        _used,
        _told_use,
        lambda key: " ".join(map(hexed, key)),
    ),
    Facts("CarbonMarket", ("OrderPlaced",), MarketOrder, "placed_block", _placed, _told_order, hexed),
    Facts("CarbonMarket", ("OrderFilled",), MarketFill, "block_number", _filled, _told_fill, placed),
)
