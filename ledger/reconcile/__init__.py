"""The numbered invariants as queries: the mirror against the chain, the ledger against itself."""

from ledger.reconcile.evidence import Finding
from ledger.reconcile.verification import verify

__all__ = ["Finding", "verify"]
