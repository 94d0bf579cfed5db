"""What is counted for dashboards. Labels are few and never personal."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA_TYPE = CONTENT_TYPE_LATEST.partition("; charset")[0]
"""Of the exposition; the web framework adds the charset."""


class Metrics:
    """The figures of one API process, and of whatever else shows its own in the same registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Starts every figure at nothing."""
        self._registry = registry or CollectorRegistry()
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

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)
