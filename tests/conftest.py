"""Fixtures for all tests."""

from tests.support.stack import anvil, database_url, postgres_server, sessions, stack_data

__all__ = ["anvil", "database_url", "postgres_server", "sessions", "stack_data"]
