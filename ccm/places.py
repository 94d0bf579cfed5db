"""Where the database and the chain are that a verb works on beside whatever runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import click
import msgspec

from ledger.db.session import Sessions, create_engine, create_sessions
from ledger.kernel.errors import CcmError
from ledger.kernel.settings import Settings


class DatabaseUnavailable(CcmError):
    """The database cannot be reached, or is none of ours."""

    code = "DATABASE_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the mirror and the chain are."""

    database_url: str
    rpc: str


class _AccountsFile(msgspec.Struct, rename="camel"):
    """What the first start wrote, as far as it says where things are."""

    rpc: str
    database_url: str


def places_of(settings: Settings, network: str) -> Places:
    """The settings' own for this network, or those of the `ccm up` that keeps its data in the folder.

    Raises:
        UsageError: neither says it.
    """
    file = settings.data / "dev-accounts.json"
    database_url = settings.database_url.get_secret_value() if settings.database_url else None
    rpc = next((each.nodes.calls[0] for name, each in settings.followed.items() if name == network), None)
    if database_url and rpc:
        return Places(database_url, rpc)
    try:
        told = msgspec.json.decode(file.read_bytes(), type=_AccountsFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise click.UsageError(
            f"{file} does not say where database and chain are: run `ccm up` first, name its folder with --data, or "
            "set DATABASE_URL and BLOCKCHAIN_RPC."
        ) from error
    return Places(database_url or told.database_url, rpc or told.rpc)


@asynccontextmanager
async def reached(database_url: str) -> AsyncIterator[Sessions]:
    """Sessions of the database.

    Raises:
        DatabaseUnavailable: it does not answer.
    """
    engine = create_engine(database_url, pool_size=4)
    try:
        yield create_sessions(engine)
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"The database does not answer ({error}); is `ccm up` running?") from error
    finally:
        await engine.dispose()
