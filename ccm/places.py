"""Where the database and the chain are that a verb works on beside whatever runs."""

from collections.abc import AsyncIterator, Mapping
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
    """Where the mirrors and the chains are."""

    database_url: str
    rpcs: Mapping[str, str]
    """By network, the node that is asked."""

    def rpc(self, network: str) -> str:
        """The network's node.

        Raises:
            UsageError: nobody says where it is.
        """
        if network not in self.rpcs:
            raise click.UsageError(f"{network} has no node: name one in CCM_NETWORKS, or in BLOCKCHAIN_RPC.")
        return self.rpcs[network]


class _AccountsFile(msgspec.Struct, rename="camel"):
    """What the first start wrote, as far as it says where things are."""

    rpc: str
    database_url: str


def places_of(settings: Settings) -> Places:
    """The settings' own; what they leave open is where the `ccm up` has it that keeps its data in the folder.

    Raises:
        UsageError: neither says it.
    """
    database_url = settings.database_url.get_secret_value() if settings.database_url else None
    rpcs: dict[str, str] = {name: each.nodes.calls[0] for name, each in settings.followed.items()}
    if database_url and rpcs:
        return Places(database_url, rpcs)
    file = settings.data / "dev-accounts.json"
    try:
        told = msgspec.json.decode(file.read_bytes(), type=_AccountsFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise click.UsageError(
            f"{file} does not say where database and chain are: run `ccm up` first, name its folder with --data, or "
            "set DATABASE_URL and BLOCKCHAIN_RPC."
        ) from error
    return Places(database_url or told.database_url, {settings.network: told.rpc} | rpcs)


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
