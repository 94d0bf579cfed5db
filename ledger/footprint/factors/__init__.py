"""Emission factors: the standard's defaults and published tables, each row with its source, edition and licence."""

from ledger.footprint.factors.table import DEFAULT_REGION, DEFAULT_SET, Factor, FactorTable, shipped

__all__ = ["DEFAULT_REGION", "DEFAULT_SET", "Factor", "FactorTable", "shipped"]
