"""Who acts here: people, companies, verifiers, and the keys that they call with."""

from ledger.accounts.commands import Kind, Tier, create_account, issue_api_key, revoke_api_key
from ledger.accounts.models import Account
from ledger.accounts.queries import Authenticated, authenticate, by_public_id, by_wallet, count_accounts, public_ids
from ledger.accounts.rules import Access, Environment

__all__ = [
    "Access",
    "Account",
    "Authenticated",
    "Environment",
    "Kind",
    "Tier",
    "authenticate",
    "by_public_id",
    "by_wallet",
    "count_accounts",
    "create_account",
    "issue_api_key",
    "public_ids",
    "revoke_api_key",
]
