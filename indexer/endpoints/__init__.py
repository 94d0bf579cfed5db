"""The nodes that a chain is read from: what each can do, how well it is, and which to ask next."""

from indexer.endpoints.endpoint import Endpoint
from indexer.endpoints.heads import Heads
from indexer.endpoints.pool import Endpoints

__all__ = ["Endpoint", "Endpoints", "Heads"]
