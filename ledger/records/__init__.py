"""Records that can be proven later: one canonical text for the same content, and its hash."""

from ledger.records.canonical import Content, canonical_json, record_hash

__all__ = ["Content", "canonical_json", "record_hash"]
