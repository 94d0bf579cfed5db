"""Options that several verbs share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger.kernel.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def data_option(command: Command) -> Command:
    """`--data`: the folder that holds everything of one `ccm up`."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=None,
        help="Folder with everything that is kept (CCM_DATA; by default .ccm).",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Answer one JSON object.")(command)


def examples(*lines: str) -> str:
    """The end of a verb's help. The mark above it keeps click from filling its lines as it does a paragraph's."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def settings_from(**given: object) -> Settings:
    """The settings of the environment, with what the command line gives above them."""
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
