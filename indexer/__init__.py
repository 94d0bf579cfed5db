"""The chain's mirror: fetch, decode, follow, rewind. It hands decoded chunks to the capabilities' mirrors."""

from indexer.endpoints import Endpoints
from indexer.errors import FinalityLags, NoCommonAncestor, WrongChain
from indexer.follow import Indexer
from indexer.mirrors import Mirror

__all__ = ["Endpoints", "FinalityLags", "Indexer", "Mirror", "NoCommonAncestor", "WrongChain"]
