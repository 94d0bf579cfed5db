"""`ccm status`."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import click

from ccm.commands.options import data_option, examples, json_option, settings_from
from ccm.stack.errors import StackError
from ccm.stack.rpc import Rpc
from ccm.stack.runfile import Part, RunFile, holder


@click.command("status", epilog=examples("ccm status", "ccm status --data /srv/ccm --json"))
@data_option
@json_option
def command(data: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Say what runs, where, and how far the chain is. Exit code 1 when nothing runs yet."""
    folder = settings_from(data=data).data.absolute()
    running = RunFile.read_alive(folder)
    block = asyncio.run(block_number(running.rpc)) if running else None
    if as_json:
        click.echo(json.dumps(as_object(folder, running, block), indent=2))
    elif running is None:
        pid = holder(folder)
        click.echo(f"process {pid} is starting" if pid else f"nothing runs with the data in {folder}")
    else:
        for name, value in lines(folder, running, block):
            click.echo(f"{name:<11}{value}")
    sys.exit(0 if running else 1)


async def block_number(rpc_url: str) -> int | None:
    """The number of the newest block; None when the node does not answer."""
    rpc = Rpc(rpc_url)
    try:
        return int(await rpc.text("eth_blockNumber"), 16)
    except (aiohttp.ClientError, TimeoutError, StackError):
        return None
    finally:
        await rpc.close()


def as_object(folder: Path, running: RunFile | None, block: int | None) -> dict[str, object]:
    """The answer for programs. Secrets are in no answer: who may read them finds them in the data folder."""
    if running is None:
        return {"running": False, "data": str(folder)}

    def part(found: Part | None) -> dict[str, int] | None:
        return {"port": found.port, "pid": found.pid} if found else None

    return {
        "running": True,
        "data": str(folder),
        "pid": running.pid,
        "url": running.url,
        "network": running.network,
        "postgres": part(running.postgres),
        "chain": part(running.chain),
        "rpc": running.rpc,
        "blockNumber": block,
    }


def lines(folder: Path, running: RunFile, block: int | None) -> list[tuple[str, str]]:
    """The answer for people."""

    def part(found: Part | None, setting: str) -> str:
        return f"port {found.port} (process {found.pid})" if found else f"not ours: {setting}"

    reached = "does not answer" if block is None else f"block {block}"
    return [
        ("API", running.url or "starting"),
        ("network", running.network),
        ("PostgreSQL", part(running.postgres, "DATABASE_URL")),
        ("chain", f"{part(running.chain, 'BLOCKCHAIN_RPC')}, {reached}"),
        ("data", str(folder)),
        ("process", str(running.pid)),
    ]
