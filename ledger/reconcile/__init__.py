"""The numbered invariants as queries: the mirror against the chain, the ledger against itself."""

from ledger.reconcile.evidence import Drift, Finding, Report
from ledger.reconcile.sample_checks import Samples
from ledger.reconcile.verification import Verification, verify

__all__ = ["Drift", "Finding", "Report", "Samples", "Verification", "verify"]
