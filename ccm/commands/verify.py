"""`ccm verify`."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import click
import msgspec
from rich.console import Console
from rich.table import Table

from ccm.commands.options import data_option, examples, json_option, settings_from
from ledger.chain import Rpc, check_chain, identify, load_contracts
from ledger.chain.reader import ChainReader
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.errors import CcmError
from ledger.kernel.settings import Settings
from ledger.reconcile import Finding, verify

DRIFTS_SHOWN = 5


class DatabaseUnavailable(CcmError):
    """The database cannot be reached, or is none of ours."""

    code = "DATABASE_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the mirror and the chain are."""

    database_url: str
    rpc: str


class _AccountsFile(msgspec.Struct, rename="camel"):
    """What the first start wrote, as far as it says where things are."""

    rpc: str
    database_url: str


@click.command(
    "verify",
    epilog=examples(
        "ccm verify",
        "ccm verify --data /srv/ccm --json",
        "DATABASE_URL=postgresql://… BLOCKCHAIN_RPC=http://… ccm verify",
    ),
)
@data_option
@json_option
def command(data: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Prove that the mirror equals the chain, invariant by invariant.

    The database is read in one snapshot and the chain, through another library, at the block which that snapshot
    shows. Exit code 0 when everything holds, 1 when something drifted (and where), 2 when used wrongly.
    """
    settings = settings_from(data=data)
    findings = asyncio.run(_verify(_endpoints(settings), settings.network))
    holds = all(found.holds for found in findings)
    if as_json:
        click.echo(json.dumps({"holds": holds, "findings": [_as_object(found) for found in findings]}, indent=2))
    else:
        _show(findings)
    sys.exit(0 if holds else 1)


def _endpoints(settings: Settings) -> Endpoints:
    """The settings' own, or those of the `ccm up` that keeps its data in the folder."""
    file = settings.data / "dev-accounts.json"
    database_url = settings.database_url.get_secret_value() if settings.database_url else None
    if database_url and settings.blockchain_rpc:
        return Endpoints(database_url, settings.blockchain_rpc)
    try:
        told = msgspec.json.decode(file.read_bytes(), type=_AccountsFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise click.UsageError(
            f"{file} does not say where database and chain are: run `ccm up` first, name its folder with --data, or "
            "set DATABASE_URL and BLOCKCHAIN_RPC."
        ) from error
    return Endpoints(database_url or told.database_url, settings.blockchain_rpc or told.rpc)


async def _verify(endpoints: Endpoints, network: str) -> list[Finding]:
    engine = create_engine(endpoints.database_url, pool_size=2)
    sessions = create_sessions(engine)
    try:
        async with Rpc(endpoints.rpc) as rpc:
            identity = await identify(rpc)
        async with sessions() as session:
            await check_chain(session, identity, network=network)
            contracts = await load_contracts(session, identity.chain_id)
        async with ChainReader(endpoints.rpc, contracts) as reader:
            return await verify(sessions, reader, identity.chain_id)
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"The database does not answer ({error}); is `ccm up` running?") from error
    finally:
        await engine.dispose()


def _as_object(found: Finding) -> dict[str, object]:
    return {
        "number": found.number,
        "what": found.what,
        "checked": found.checked,
        "holds": found.holds,
        "drifts": list(found.drifts),
    }


def _show(findings: Sequence[Finding]) -> None:
    table = Table(title="The mirror against the chain", title_justify="left")
    for heading in ("No.", "What must hold", "Checked", "Result"):
        table.add_column(heading, justify="right" if heading in {"No.", "Checked"} else "left")
    for found in findings:
        result = "[green]holds[/]" if found.holds else f"[red]{len(found.drifts)} drifted[/]"
        table.add_row(str(found.number), found.what, f"{found.checked:,}", result)
    console = Console()
    console.print(table)
    for found in findings:
        for drift in found.drifts[:DRIFTS_SHOWN]:
            console.print(f"{found.number}: {drift}", style="red", soft_wrap=True, markup=False, highlight=False)
        if len(found.drifts) > DRIFTS_SHOWN:
            console.print(f"{found.number}: and {len(found.drifts) - DRIFTS_SHOWN} more; --json lists all", style="red")
    drifted = sum(not found.holds for found in findings)
    console.print("everything holds" if not drifted else f"{drifted} of {len(findings)} do not hold")
