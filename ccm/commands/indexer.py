"""`ccm indexer`."""

import asyncio
from typing import get_args

import click
import uvloop
from eth_utils.address import is_address, to_canonical_address

from ccm.commands.options import examples, settings_from
from ccm.commands.rebuild import rebuild
from ccm.indexing import index
from ccm.logs import logging_to
from ccm.networks import opened
from ccm.stack.errors import PortTaken
from ledger.chain import check_chain, identify
from ledger.chain.abi import ADDABLE_NAMES
from ledger.chain.additions import add_contract
from ledger.db.session import create_engine, create_sessions
from ledger.kernel.garbage import collect_seldom
from ledger.kernel.network_names import NetworkName
from ledger.kernel.settings import Settings


@click.group(
    "indexer",
    invoke_without_command=True,
    epilog=examples(
        "ccm indexer",
        "DATABASE_URL=postgresql://… BLOCKCHAIN_RPC=https://… ccm indexer --port 9001",
        "ccm indexer add CarbonCredit 0x… --from-block 18000000 --network ethereum",
    ),
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of /health, /ready and /metrics; 0 for any.  [default: 8081]"
)
@click.pass_context
def command(ctx: click.Context, port: int | None) -> None:
    """Mirror every network into DATABASE_URL, until Ctrl-C.

    Networks are BLOCKCHAIN_RPC with CCM_NETWORK, and those in CCM_NETWORKS, e.g. {"ethereum": {"rpc": "https://…"}}.
    Each has its own cursor; where one stops, the others go on, and /ready says which, on a port that is printed.
    """
    if ctx.invoked_subcommand is not None:
        return
    collect_seldom()
    try:
        with logging_to(None):
            uvloop.run(index(_settings(indexer_port=port), click.echo))
    except PortTaken as error:
        raise click.UsageError(error.message) from None


@command.command("add", epilog=examples("ccm indexer add RetirementCertificate 0x… --from-block 18000000"))
@click.argument("contract", type=click.Choice(ADDABLE_NAMES))
@click.argument("address")
@click.option("--from-block", type=click.IntRange(0), required=True, help="The block that it came in.")
@click.option("--network", type=click.Choice(get_args(NetworkName)), help="Where it stands.  [default: CCM_NETWORK]")
def add(contract: str, address: str, from_block: int, network: str | None) -> None:
    """Mirror one more contract, from a block on. Indexers that run notice it, and go on meanwhile."""
    if not is_address(address):
        raise click.UsageError(f"{address} is no address, or its checksum (EIP-55) is wrong.")
    asyncio.run(_add(_settings(), network, contract, to_canonical_address(address), from_block))
    click.echo(f"{contract} at {address} is mirrored from block {from_block} on")


command.add_command(rebuild)


def _settings(**given: object) -> Settings:
    settings = settings_from(**given)
    if settings.database_url is None or not settings.followed:
        raise click.UsageError("Set DATABASE_URL, and BLOCKCHAIN_RPC or CCM_NETWORKS.")
    return settings


async def _add(settings: Settings, network: str | None, contract: str, address: bytes, from_block: int) -> None:
    if settings.database_url is None:
        raise AssertionError("the database was asked for")
    engine = create_engine(settings.database_url.get_secret_value(), pool_size=1)
    try:
        async with opened(settings) as networks:
            wanted = next((each for name, each in networks.items() if name == (network or settings.network)), None)
            if wanted is None:
                raise click.UsageError(f"{network or settings.network} is not followed: name its nodes first.")
            identity = await identify(wanted.rpcs[0])
            async with create_sessions(engine).begin() as session:
                chain = await check_chain(session, identity, network=wanted.name)
                name = next(each for each in ADDABLE_NAMES if each == contract)
                await add_contract(session, wanted.rpcs[0], chain, name=name, address=address, first_block=from_block)
    finally:
        await engine.dispose()
