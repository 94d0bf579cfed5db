"""What indexers tell while they follow: for `/ready`, and as figures for Prometheus. Labelled by network only."""

from collections import Counter as Kinds
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

from indexer.endpoints import Endpoints
from ledger.chain.chunk import Block, Chunk
from ledger.chain.following import Following
from ledger.kernel.clock import now
from ledger.kernel.errors import CcmError

NETWORK = ("network",)
REWIND_DEPTHS = (1, 2, 3, 5, 8, 16, 32, 64, 128, 256)
CHUNK_BLOCKS = (1, 10, 100, 1_000, 10_000, 100_000)
CHUNK_EVENTS = (0, 1, 10, 100, 1_000, 10_000, 100_000)


class IndexerMetrics:
    """The figures of all indexers of one process."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Takes the registry that shows them; by default one of their own."""
        shown = registry or CollectorRegistry()
        self.lag_blocks = Gauge(
            "ccm_indexer_head_lag_blocks", "Blocks of the chain that the mirror lacks.", NETWORK, registry=shown
        )
        self.lag_seconds = Gauge(
            "ccm_indexer_head_lag_seconds", "How old what the mirror shows may be.", NETWORK, registry=shown
        )
        self.events = Counter("ccm_indexer_events_total", "Events mirrored.", NETWORK, registry=shown)
        self.rewinds = Counter("ccm_indexer_rewinds_total", "Reorgs followed back.", NETWORK, registry=shown)
        self.rewind_depth = Histogram(
            "ccm_indexer_rewind_depth_blocks",
            "Blocks taken back by a rewind.",
            NETWORK,
            buckets=REWIND_DEPTHS,
            registry=shown,
        )
        self.chunk_blocks = Histogram(
            "ccm_indexer_chunk_blocks", "Blocks taken in at once.", NETWORK, buckets=CHUNK_BLOCKS, registry=shown
        )
        self.chunk_events = Histogram(
            "ccm_indexer_chunk_events", "Events taken in at once.", NETWORK, buckets=CHUNK_EVENTS, registry=shown
        )
        self.stopped = Gauge(
            "ccm_indexer_stopped",
            "1 where the indexer stopped for a reason that only a person can decide.",
            NETWORK,
            registry=shown,
        )
        self.drift = Gauge(
            "ccm_mirror_drift",
            "Rows that the last verification found to differ from the chain.",
            (*NETWORK, "invariant"),
            registry=shown,
        )
        self.verified = Gauge(
            "ccm_mirror_verified_timestamp_seconds",
            "When the mirror was last verified, Unix time.",
            NETWORK,
            registry=shown,
        )
        self.failures = EndpointErrors()
        shown.register(self.failures)


class EndpointErrors(Collector):
    """Counts what the endpoints count themselves, when it is asked for."""

    def __init__(self) -> None:
        self._endpoints: dict[str, Endpoints] = {}

    def watch(self, network: str, endpoints: Endpoints) -> None:
        """Shows these endpoints from now on."""
        self._endpoints[network] = endpoints

    def describe(self) -> Iterable[CounterMetricFamily]:
        """Its one figure, without values."""
        return [self._family()]

    def collect(self) -> Iterator[CounterMetricFamily]:
        """How often the endpoints of each network failed, by the kind of fault."""
        family = self._family()
        for network, endpoints in self._endpoints.items():
            for kind, count in sum((each.errors for each in endpoints.all), start=Kinds()).items():
                family.add_metric((network, kind), count)
        yield family

    @staticmethod
    def _family() -> CounterMetricFamily:
        return CounterMetricFamily(
            "ccm_indexer_endpoint_errors", "Failures of endpoints, by their kind.", labels=(*NETWORK, "kind")
        )


class Monitor:
    """What one indexer tells while it follows its chain."""

    def __init__(self, network: str, metrics: IndexerMetrics | None = None) -> None:
        """Takes where the figures go; by default nowhere."""
        self.following = Following(network)
        self._metrics = metrics or IndexerMetrics()
        self._metrics.lag_blocks.labels(network).set_function(lambda: self.following.lag_blocks() or 0)
        self._metrics.lag_seconds.labels(network).set_function(lambda: self.following.lag_seconds(now()) or 0)
        self._metrics.stopped.labels(network).set_function(lambda: self.following.stopped is not None)

    def asks(self, endpoints: Endpoints) -> None:
        """These are asked."""
        self._metrics.failures.watch(self.following.network, endpoints)

    def leads(self) -> None:
        """The chain is this indexer's to follow."""
        self.following.leads_since = self.following.leads_since or now()

    def stands_by(self) -> None:
        """Another indexer follows the chain: what this one knew of it says nothing any longer."""
        following = self.following
        following.leads_since = following.looked_at = following.head_block = following.next_block = None

    def looked(self, head: Block, next_block: int) -> None:
        """The chain told its newest block."""
        following = self.following
        following.head_block, following.head_time, following.looked_at = head.number, head.time, now()
        following.next_block = next_block

    def mirrored(self, chunk: Chunk) -> None:
        """A chunk was taken in."""
        following = self.following
        following.next_block, following.mirrored_time = chunk.last_block + 1, chunk.blocks[-1].time
        self._metrics.events.labels(following.network).inc(len(chunk.events))
        self._metrics.chunk_events.labels(following.network).observe(len(chunk.events))
        self._metrics.chunk_blocks.labels(following.network).observe(chunk.last_block - chunk.first_block + 1)

    def rewound(self, next_block: int, depth: int) -> None:
        """The mirror went back by this many blocks."""
        self.following.next_block = next_block
        self._metrics.rewinds.labels(self.following.network).inc()
        self._metrics.rewind_depth.labels(self.following.network).observe(depth)

    def stopped(self, error: CcmError) -> None:
        """The indexer follows no longer."""
        self.following.stopped = error
