"""Options that several verbs share, spelt and explained alike in each."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.cli.shared.tables import print_message, visible
from gateway.compliance.sanction_lists.current_lists import current_lists
from gateway.config import ENVIRONMENT_VARIABLE, SYSTEM_FILE, Config, load

if TYPE_CHECKING:
    from gateway.compliance.sanction_lists.current_lists import CurrentLists

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """Add ``-c/--config FILE``, handed over as ``config_file: Path | None``."""
    return click.option(
        "-c",
        "--config",
        "config_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=f"Configuration file.  [default: ${ENVIRONMENT_VARIABLE}, then {SYSTEM_FILE}, "
        "then the packaged]",
    )(command)


def format_option(
    choices: Sequence[str] = ("table", "json", "csv"),
) -> Callable[[F], F]:
    """Add ``--format``, handed over as ``output_format: str``; the first choice is the default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(list(choices)),
        default=choices[0],
        show_default=True,
        help="How to print: json is one object a line.",
    )


def load_config(config_file: Path | None) -> Config:
    """Read the configuration in force for a verb; raises ``ConfigError``."""
    return load(config_file, os.environ)


def load_lists(config: Config) -> CurrentLists:
    """Give the lists that a gateway would serve by now; raises ``ListError``. Writes nothing.

    Where lists are damaged a gateway serves by another snapshot than they ask for: that is said.
    """
    found = current_lists(config, datetime.now(UTC))
    tell_of_damage(found)
    return found


def tell_of_damage(found: CurrentLists) -> None:
    """Say it where lists are damaged, and what serves in their place."""
    for fault in found.damage:
        print_message(f"damaged: {visible(str(fault))}")
    if found.instead_text is not None:
        print_message(f"note: {found.instead_text}")


def example(*lines: str) -> str:
    r"""Word a verb's epilog: its examples, each on a line of its own.

    ``\b`` keeps click from wrapping them.
    """
    head = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(["\b", head, *(f"  {line}" for line in lines)])
