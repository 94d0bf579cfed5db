"""The relayer: turns queued intents into signed transactions and sees that the chain takes each of them once."""

from ledger.chain.relayer.loop import Relayer

__all__ = ["Relayer"]
