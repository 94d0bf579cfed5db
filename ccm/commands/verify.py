"""`ccm verify`."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg
import click
import msgspec
from rich.console import Console
from rich.table import Table

from ccm.commands.options import data_option, examples, json_option, settings_from
from ccm.progress import reporting
from ledger.chain import Rpc, check_chain, identify, load_contracts
from ledger.chain.reader import ChainReader
from ledger.db.session import Sessions, create_engine, create_sessions
from ledger.kernel.errors import CcmError
from ledger.kernel.settings import Settings
from ledger.reconcile import Report, Samples, Verification, verify

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


Verb = TypeVar("Verb", bound=Callable[..., Any])


def samples_options(verb: Verb) -> Verb:
    """`--samples`, `--all` and `--seed`, given to the verb as `samples`."""

    @click.option(
        "--samples",
        "count",
        type=click.IntRange(min=0),
        default=20,
        show_default=True,
        help="Blocks with events whose receipts are read, and as many blocks without, whose blooms are.",
    )
    @click.option("--all", "every", is_flag=True, help="Look at every block instead of samples.")
    @click.option("--seed", type=int, help="Which samples; by default the newest mirrored block's hash decides.")
    @wraps(verb)
    def sampled(*, count: int, every: bool, seed: int | None, **others: Any) -> Any:
        return verb(samples=Samples(None if every else count, seed), **others)

    return cast("Verb", sampled)


@click.command(
    "verify",
    epilog=examples(
        "ccm verify",
        "ccm verify --data /srv/ccm --samples 200 --json",
        "ccm verify --network polygon --all",
        "DATABASE_URL=postgresql://… BLOCKCHAIN_RPC=http://… ccm verify",
    ),
)
@data_option
@click.option(
    "--network", "networks", multiple=True, help="A network to verify; may be repeated.  [default: every one it can]"
)
@samples_options
@json_option
def command(data: Path | None, networks: tuple[str, ...], samples: Samples, as_json: bool) -> None:  # noqa: FBT001
    """Prove that the mirror equals the chain, invariant by invariant.

    The database is read in one snapshot and the chain, through another library, at the block which that snapshot
    shows. What drifted is told row by row, with what repairs it. Exit code 0 when everything holds, 1 when something
    drifted, 2 when used wrongly.
    """
    settings = settings_from(data=data)
    verified = asyncio.run(_verify(settings, networks, samples))
    holds = all(each.holds for each in verified.values())
    if as_json:
        told = [_as_object(network, each) for network, each in verified.items()]
        click.echo(json.dumps({"holds": holds, "networks": told}, indent=2))
    else:
        for network, each in verified.items():
            _show(network, each)
    sys.exit(0 if holds else 1)


def _endpoints(settings: Settings) -> Endpoints:
    """The settings' own, or those of the `ccm up` that keeps its data in the folder."""
    file = settings.data / "dev-accounts.json"
    database_url = settings.database_url.get_secret_value() if settings.database_url else None
    rpc = settings.nodes.calls[0] if settings.blockchain_rpc else None
    if database_url and rpc:
        return Endpoints(database_url, rpc)
    try:
        told = msgspec.json.decode(file.read_bytes(), type=_AccountsFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise click.UsageError(
            f"{file} does not say where database and chain are: run `ccm up` first, name its folder with --data, or "
            "set DATABASE_URL and BLOCKCHAIN_RPC."
        ) from error
    return Endpoints(database_url or told.database_url, rpc or told.rpc)


async def _verify(settings: Settings, networks: Sequence[str], samples: Samples) -> dict[str, Verification]:
    """What was found, by network."""
    endpoints = _endpoints(settings)
    engine = create_engine(endpoints.database_url, pool_size=2)
    sessions = create_sessions(engine)
    try:
        with reporting() as report:
            return {
                network: await _verify_network(sessions, endpoints.rpc, network, samples, report)
                for network in networks or (settings.network,)
            }
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"The database does not answer ({error}); is `ccm up` running?") from error
    finally:
        await engine.dispose()


async def _verify_network(
    sessions: Sessions, rpc_url: str, network: str, samples: Samples, report: Report
) -> Verification:
    async with Rpc(rpc_url) as rpc:
        identity = await identify(rpc)
    async with sessions() as session:
        await check_chain(session, identity, network=network)
        contracts = await load_contracts(session, identity.chain_id)
    async with ChainReader(rpc_url, contracts) as reader:
        return await verify(sessions, reader, identity.chain_id, samples, report)


def _as_object(network: str, verified: Verification) -> dict[str, object]:
    return {
        "network": network,
        "chainId": verified.chain_id,
        "blockNumber": verified.block_number,
        "blockHash": "0x" + verified.block_hash.hex(),
        "holds": verified.holds,
        "findings": [
            {
                "number": found.number,
                "what": found.what,
                "checked": found.checked,
                "holds": found.holds,
                "drifts": [asdict(drift) for drift in found.drifts],
            }
            for found in verified.findings
        ],
        "rebuildFrom": verified.rebuild_from,
        "remedy": _remedy(network, verified),
    }


def _show(network: str, verified: Verification) -> None:
    title = f"The mirror of {network} against chain {verified.chain_id}, at block {verified.block_number:,}"
    table = Table(title=title, title_justify="left")
    for heading in ("No.", "What must hold", "Checked", "Result"):
        table.add_column(heading, justify="right" if heading in {"No.", "Checked"} else "left")
    for found in verified.findings:
        result = "[green]holds[/]" if found.holds else f"[red]{len(found.drifts)} drifted[/]"
        table.add_row(str(found.number), found.what, f"{found.checked:,}", result)
    console = Console()
    console.print(table)
    for found in verified.findings:
        for drift in found.drifts[:DRIFTS_SHOWN]:
            console.print(f"{found.number}: {drift}", style="red", soft_wrap=True, markup=False, highlight=False)
        if len(found.drifts) > DRIFTS_SHOWN:
            console.print(f"{found.number}: and {len(found.drifts) - DRIFTS_SHOWN} more; --json lists all", style="red")
    drifted = sum(not found.holds for found in verified.findings)
    console.print("everything holds" if not drifted else f"{drifted} of {len(verified.findings)} do not hold")
    if remedy := _remedy(network, verified):
        console.print(remedy, soft_wrap=True, markup=False, highlight=False)


def _remedy(network: str, verified: Verification) -> str | None:
    """What to do about what drifted."""
    if verified.holds:
        return None
    if verified.rebuild_from is None:
        return "No block explains this: the ledger's own rows contradict each other; see docs/operation.md."
    return f"Repair it with: ccm indexer rebuild --network {network} --from {verified.rebuild_from}"
