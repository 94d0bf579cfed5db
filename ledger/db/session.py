"""Engines and sessions. The edge opens a session, calls commands, and commits; nobody else does."""

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

Sessions = async_sessionmaker[AsyncSession]


def async_url(database_url: str) -> URL:
    """The URL with the asyncpg driver, whatever driver (or none) it named."""
    return make_url(database_url).set(drivername="postgresql+asyncpg")


def create_engine(database_url: str, *, pool_size: int = 10, schema: str | None = None) -> AsyncEngine:
    """An engine whose sessions see only what was committed, with UTC as their time zone.

    With a schema they see its tables and no others. Its errors name the statement and not the values: they end up in
    logs.
    """
    settings = {"timezone": "UTC", "lock_timeout": "10s"}
    if schema is not None:
        settings["search_path"] = schema
    return create_async_engine(
        async_url(database_url),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"server_settings": settings},
    )


def create_sessions(engine: AsyncEngine) -> Sessions:
    """A factory of sessions whose rows stay readable after the commit."""
    return async_sessionmaker(engine, expire_on_commit=False)
