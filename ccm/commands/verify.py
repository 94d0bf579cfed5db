"""`ccm verify`."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from ccm.commands.options import data_option, examples, json_option, settings_from
from ccm.places import Places, places_of, reached
from ccm.progress import reporting
from ledger.chain import Rpc, check_chain, identify, load_contracts
from ledger.chain.models import Chain
from ledger.chain.reader import ChainReader
from ledger.db.session import Sessions
from ledger.kernel.errors import CcmError
from ledger.kernel.settings import Settings
from ledger.reconcile import Report, Samples, Verification, verify

DRIFTS_SHOWN = 5


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
    "--network",
    "networks",
    multiple=True,
    help="A network to verify; may be repeated.  [default: each that is mirrored]",
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
    verified, failed = asyncio.run(_verify(settings, networks, samples))
    holds = not failed and all(each.holds for each in verified.values())
    if as_json:
        told = {
            "holds": holds,
            "networks": [_as_object(network, each) for network, each in verified.items()],
            "unverified": [
                {"network": network, "code": error.code, "message": error.message} for network, error in failed.items()
            ],
        }
        click.echo(json.dumps(told, indent=2))
    else:
        for network, each in verified.items():
            _show(network, each)
    for network, error in failed.items():
        click.echo(f"{network} could not be verified: {error.message}", err=True)
    sys.exit(0 if holds else 1)


async def _verify(
    settings: Settings, networks: Sequence[str], samples: Samples
) -> tuple[dict[str, Verification], dict[str, CcmError]]:
    """What was found, and why nothing could be, by network."""
    places = places_of(settings)
    verified: dict[str, Verification] = {}
    failed: dict[str, CcmError] = {}
    async with reached(places.database_url) as sessions:
        wanted = networks or await _verifiable(sessions, places)
        rpcs = {network: places.rpc(network) for network in wanted}
        with reporting() as report:
            for network, rpc_url in rpcs.items():
                try:
                    verified[network] = await _verify_network(sessions, rpc_url, network, samples, report)
                except CcmError as error:
                    failed[network] = error
    return verified, failed


async def _verifiable(sessions: Sessions, places: Places) -> list[str]:
    """Every network that is mirrored and whose node is known; of the others it is said that they are not verified.

    Raises:
        UsageError: there is none.
    """
    async with sessions() as session:
        known = (await session.scalars(select(Chain.network).order_by(Chain.network))).all()
    unreached = [network for network in known if network not in places.rpcs]
    if unreached:
        click.echo(f"not verified, for want of a node (CCM_NETWORKS): {', '.join(unreached)}", err=True)
    if len(unreached) == len(known):
        named = ", ".join(places.rpcs)
        raise click.UsageError(f"The database mirrors none of the networks whose nodes are known: {named}.")
    return [network for network in known if network in places.rpcs]


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
