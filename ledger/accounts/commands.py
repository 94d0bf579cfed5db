"""Accounts and their keys come to be, and keys end."""

from datetime import datetime
from typing import Literal

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts.models import Account, ApiKey
from ledger.accounts.rules import Access, Environment, hint, key_hash, new_key
from ledger.db.sequences import next_id, next_verifier_id
from ledger.events import record
from ledger.kernel.errors import NotFound
from ledger.kernel.ids import IdKind
from ledger.kernel.network_names import NetworkName

Kind = Literal["person", "company", "verifier", "operator"]
Tier = Literal["free", "basic", "pro", "enterprise"]


async def create_account(
    session: AsyncSession,
    *,
    kind: Kind,
    tier: Tier,
    home_network: NetworkName,
    moment: datetime,
    wallet: bytes | None = None,
    custody_index: int | None = None,
) -> Account:
    """Registers an account under a fresh public id.

    `wallet` is its address on every network; `custody_index` says which custody key signs for it, and is None for a
    wallet whose key we do not hold.
    """
    account = Account(
        public_id=await _public_id(session, kind, moment),
        kind=kind,
        tier=tier,
        home_network=home_network,
        wallet=wallet,
        custody_index=custody_index,
    )
    session.add(account)
    await session.flush()
    record(session, "user.registered", account.public_id, {"userId": account.public_id, "kind": kind})
    return account


async def issue_api_key(
    session: AsyncSession, account: Account, *, environment: Environment, access: Access = "sk"
) -> str:
    """Gives the account one more key. The key is told this once: only its hash is kept."""
    key = new_key(environment, access)
    session.add(ApiKey(key_hash=key_hash(key), account_id=account.account_id, hint=hint(key)))
    await session.flush()
    return key


async def revoke_api_key(session: AsyncSession, account: Account, *, key_hint: str, moment: datetime) -> None:
    """Ends the account's keys that bear this hint.

    Raises:
        NotFound: no key of the account that is still good bears it.
    """
    ended = await session.execute(
        update(ApiKey)
        .where(ApiKey.account_id == account.account_id, ApiKey.hint == key_hint, ApiKey.revoked_at.is_(None))
        .values(revoked_at=moment)
        .returning(ApiKey.hint)
    )
    if not ended.all():
        raise NotFound(f"No key of this account begins with {key_hint}; see its list of keys.", keyHint=key_hint)


async def _public_id(session: AsyncSession, kind: Kind, moment: datetime) -> str:
    """A fresh id, written as the standard writes this kind's."""
    if kind == "verifier":
        return await next_verifier_id(session)
    return await next_id(session, IdKind.COMPANY if kind == "company" else IdKind.USER, moment)
