"""The entry of the command line."""

import importlib
import sys

import click

from ccm.commands import VERBS
from ledger.kernel.errors import CcmError


class Verbs(click.Group):
    """Loads a verb's module when that verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order in which a person meets them."""
        _ = ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command; None for a word that is no verb."""
        _ = ctx
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"ccm.commands.{cmd_name.replace('-', '_')}").command
        if not isinstance(command, click.Command):
            raise AssertionError(f"the verb {cmd_name} is no click command")  # noqa: TRY004
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the verbs without loading them."""
        _ = ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="carbon-credit-micro", prog_name="ccm")
def cli() -> None:
    """Carbon Credit Micro: carbon credits by the kilogram, from the meter to the certificate.

    Exit codes: 0 done, 1 a check or the work failed, 2 used wrongly.
    """


def main() -> None:
    """Runs the verb; what went wrong is told in one sentence."""
    try:
        cli()
    except CcmError as error:
        click.echo(f"ccm: {error.message}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
