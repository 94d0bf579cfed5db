"""What is counted for dashboards. Labels are few and never personal."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.accounts import count_accounts

MEDIA_TYPE = CONTENT_TYPE_LATEST.partition("; charset")[0]
"""Of the exposition; the web framework adds the charset."""


class Figures:
    """Everything that shows its figures in one registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Takes the registry; by default one of their own."""
        self._registry = registry or CollectorRegistry()

    async def exposition(self, session: AsyncSession) -> bytes:  # noqa: ARG002  # for those who count rows
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)


class Metrics(Figures):
    """The figures of one API process, and of whatever else shows its own in the same registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Starts every figure at nothing."""
        super().__init__(registry)
        self.emissions_tracked = Counter(
            "ccm_emissions_tracked_total", "Activities tracked.", ["category"], registry=self._registry
        )
        self.credit_transaction_duration = Histogram(
            "ccm_credit_transaction_duration_seconds",
            "From a write's request until the chain's mirror shows it, or the wait is over.",
            buckets=(0.1, 0.5, 1, 2, 5),
            registry=self._registry,
        )
        self.active_users = Gauge("ccm_active_users", "Accounts that can act here.", registry=self._registry)

    async def exposition(self, session: AsyncSession) -> bytes:
        """All figures in Prometheus' text format, the accounts counted just now."""
        self.active_users.set(await count_accounts(session))
        return await super().exposition(session)
