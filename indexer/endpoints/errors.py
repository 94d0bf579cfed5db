"""How an endpoint fails. Each is worth a retry, or another endpoint."""

from indexer.endpoints.refusals import Refusal
from ledger.kernel.errors import BlockchainUnavailable


class EndpointFailed(BlockchainUnavailable):
    """An endpoint did not answer as it should. `fault` says how, for metrics."""

    fault: str

    def __init__(self, message: str, *, fault: str, **facts: object) -> None:
        super().__init__(message, **facts)
        self.fault = fault


class EndpointRefused(EndpointFailed):
    """An endpoint refused in words that are known."""

    def __init__(self, message: str, refusal: Refusal, **facts: object) -> None:
        super().__init__(message, fault=refusal.kind, **facts)
        self.refusal = refusal
