"""What an indexer tells Prometheus while it follows."""

from prometheus_client import CollectorRegistry

from indexer import Endpoints, Indexer
from indexer.metrics import IndexerMetrics, Monitor
from ledger.chain import Network, Rpc
from ledger.db.session import Sessions
from ledger.kernel.clock import now
from tests.support.indexing import CHAIN_ID, MIRRORS, WINDOW, give_dollars

NOWHERE = "http://127.0.0.1:9"


async def test_events_rewinds_lag_and_failures_are_counted_by_network(
    sessions: Sessions, rpc: Rpc, network: Network
) -> None:
    registry = CollectorRegistry()
    monitor = Monitor("polygon", IndexerMetrics(registry))

    def figure(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"network": "polygon", **labels})

    async with Rpc(NOWHERE) as dead:
        indexer = Indexer(
            sessions,
            Endpoints([dead, rpc]),
            CHAIN_ID,
            mirrors=MIRRORS,
            window=WINDOW,
            monitor=monitor,
        )
        await indexer.catch_up()
        before = figure("ccm_indexer_events_total") or 0
        assert figure("ccm_indexer_chunk_blocks_count") == figure("ccm_indexer_chunk_events_count")
        assert (figure("ccm_indexer_endpoint_errors_total", kind="connection") or 0) >= 1

        snapshot = await rpc.call("evm_snapshot")
        for micros in (1, 2):
            await give_dollars(rpc, network, "Ada", micros)
        assert await indexer.advance()
        assert figure("ccm_indexer_events_total") == before + 2
        await rpc.call("evm_revert", snapshot)
        for _ in range(3):
            await give_dollars(rpc, network, "Ben", 1)
        assert await indexer.advance()
        assert (figure("ccm_indexer_rewinds_total"), figure("ccm_indexer_rewind_depth_blocks_sum")) == (1, 2)
        assert figure("ccm_indexer_head_lag_blocks") == 3
        await indexer.catch_up()

    assert (figure("ccm_indexer_head_lag_blocks"), figure("ccm_indexer_stopped")) == (0, 0)
    assert monitor.following.lag_seconds(now()) in range(5)
