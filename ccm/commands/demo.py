"""`ccm demo`."""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
from rich.console import Console

from ccm.commands.options import examples, settings_from
from ccm.commands.serving import serve
from ccm.demo.client import Client
from ccm.demo.screen import Screen
from ccm.demo.story import Story
from ccm.roles import run_roles
from ccm.stack.errors import AlreadyRunning
from ccm.stack.runfile import RunFile
from ledger.kernel.settings import Settings


class Demo:
    """The roles with the story told on top of them."""

    def __init__(self, screen: Screen, *, once: bool) -> None:
        """With `once` everything is stopped when the story is over; else it goes on serving."""
        self.screen = screen
        self.once = once
        self.holds: bool | None = None
        """What the proof at the story's end showed; None until then."""

    async def __call__(self, settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Runs the roles; once they serve, tells the story."""
        serving = asyncio.Event()

        def on_ready() -> None:
            ready()
            serving.set()

        roles = asyncio.create_task(run_roles(settings, stop, on_ready))
        waiting = asyncio.create_task(serving.wait())
        try:
            await asyncio.wait({roles, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if serving.is_set():
                await self.tell_unless(stop, settings)
        except BaseException:
            stop.set()
            raise
        finally:
            waiting.cancel()
            await roles

    async def tell_unless(self, stop: asyncio.Event, settings: Settings) -> None:
        """Tells the story; where everything is to stop in the midst of it, the story ends there."""
        telling, stopping = asyncio.create_task(self.tell(settings)), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (telling, stopping):
                task.cancel()
            await asyncio.gather(telling, stopping, return_exceptions=True)
        if telling.cancelled():
            return
        telling.result()
        if self.once:
            stop.set()
        else:
            self.screen.say(
                f"The API goes on serving; it describes itself at http://127.0.0.1:{settings.port}/schema. "
                "Ctrl-C ends the demo."
            )

    async def tell(self, settings: Settings) -> None:
        """The story, and the proof that the mirror equals the chain."""
        accounts = json.loads((settings.data / "dev-accounts.json").read_text())
        base = f"http://127.0.0.1:{settings.port}"
        certificates = settings.data / "certificates"
        certificates.mkdir(exist_ok=True)
        async with (
            Client(base, accounts["household"]["apiKey"]) as household,
            Client(base, accounts["company"]["apiKey"]) as company,
            Client(base, accounts["verifier"]["apiKey"]) as verifier,
        ):
            await Story(self.screen, household, company, verifier, accounts, certificates).tell()
        self.screen.chapter("The proof", "The mirror against the chain, at one block, invariant by invariant.")
        verify = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ccm", "verify", "--data", settings.data),
            start_new_session=True,  # Ctrl-C is ours to hear
        )
        try:
            self.holds = await verify.wait() == 0
        except asyncio.CancelledError:
            verify.terminate()
            await verify.wait()
            raise


@click.command("demo", epilog=examples("ccm demo", "ccm demo --once", "ccm demo --data /tmp/demo --port 9000"))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path(".ccm/demo"),
    show_default=True,
    help="Where it keeps its data.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of the API; 8080, or a free one, where none is named."
)
@click.option("--once", is_flag=True, help="End after the story, also in a terminal.")
def command(data: Path, port: int | None, once: bool) -> None:  # noqa: FBT001  # click calls it
    """Tell the main job as a story: from real electricity bills to a retired kilogram.

    Each run starts from nothing: what an earlier demo left in its data folder is removed. In a terminal it goes on
    serving when the story is over, until Ctrl-C.
    """
    forget(data)
    demo = Demo(Screen(Console(highlight=False)), once=once or not sys.stdout.isatty())
    serve(settings_from(data=data, port=port), demo)
    if demo.holds is None:
        click.echo("ccm: the demo was stopped before its end", err=True)
    if not demo.holds:
        raise SystemExit(1)
    click.echo("demo: ok")


def forget(data: Path) -> None:
    """Removes what an earlier demo left; a folder that is in use, or that no run of ours made, stays untouched."""
    before = RunFile.read_alive(data)
    if before is not None:
        raise AlreadyRunning(f"A demo runs with the data in {data}. Stop it first: ccm down --data {data}")
    if data.exists() and any(data.iterdir()) and not (data / "lock").exists():
        raise click.UsageError(f"{data} holds something that no demo left there; name another folder.")
    with suppress(FileNotFoundError):
        shutil.rmtree((data / "outside").read_text().strip())
    with suppress(FileNotFoundError):
        shutil.rmtree(data)
