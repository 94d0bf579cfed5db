"""Who is calling, and who is meant."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts.models import Account, ApiKey
from ledger.accounts.rules import is_development_key, is_key, key_hash, only_reads
from ledger.kernel.errors import InvalidApiKey, NotFound, TokenExpired


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Whose key it was, and whether it may only read."""

    account: Account
    only_reads: bool


async def authenticate(session: AsyncSession, key: str, *, mode: Literal["development", "production"]) -> Authenticated:
    """The account that this key speaks for.

    The key is found by its hash, so the time that the look-up takes tells nothing about keys that exist.

    Raises:
        InvalidApiKey: not written as a key is, not known, or a development key in production.
        TokenExpired: revoked.
    """
    if not is_key(key) or (mode == "production" and is_development_key(key)):
        raise InvalidApiKey("The API key is not one of this service; send 'Authorization: Bearer wccm_…'.")
    found = (
        await session.execute(
            select(Account, ApiKey.revoked_at)
            .join(ApiKey, ApiKey.account_id == Account.account_id)
            .where(ApiKey.key_hash == key_hash(key))
        )
    ).one_or_none()
    if found is None:
        raise InvalidApiKey("The API key is not known; check it for a missing character, or ask for a new one.")
    account, revoked_at = found
    if revoked_at is not None:
        raise TokenExpired("The API key was revoked; use another key of the account.")
    return Authenticated(account, only_reads(key))


async def by_public_id(session: AsyncSession, public_id: str) -> Account:
    """The account with this public id.

    Raises:
        NotFound: there is none.
    """
    account = (await session.execute(select(Account).where(Account.public_id == public_id))).scalar_one_or_none()
    if account is None:
        raise NotFound(f"There is no account {public_id}.", userId=public_id)
    return account


async def by_wallet(session: AsyncSession, wallet: bytes) -> Account | None:
    """The account that this address belongs to, if it is one of ours."""
    return (await session.execute(select(Account).where(Account.wallet == wallet))).scalar_one_or_none()


async def public_ids(session: AsyncSession, wallets: Collection[bytes]) -> dict[bytes, str]:
    """The public ids of those addresses that belong to accounts of ours."""
    rows = await session.execute(select(Account.wallet, Account.public_id).where(Account.wallet.in_(set(wallets))))
    return {wallet: public_id for wallet, public_id in rows if wallet is not None}


async def count_accounts(session: AsyncSession) -> int:
    """How many accounts there are."""
    return (await session.execute(select(func.count()).select_from(Account))).scalar_one()
