"""The chain's mirror: fetch, decode, follow, rewind. It hands decoded chunks to the capabilities' mirrors."""

from indexer.endpoints import Endpoints
from indexer.errors import NoCommonAncestor, WrongChain
from indexer.follow import Indexer, Mirror

__all__ = ["Endpoints", "Indexer", "Mirror", "NoCommonAncestor", "WrongChain"]
