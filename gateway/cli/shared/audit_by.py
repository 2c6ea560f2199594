"""``--by`` for the acts of the office: who does it, as the ledger keeps it for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def by_option(what: str) -> Callable[[F], F]:
    """Add ``--by``; ``what`` is its help, without the default."""
    return click.option(
        "--by",
        metavar="NAME",
        callback=_names_nobody,
        help=f"{what}  [default: who is signed in]",
    )


def _names_nobody(context: click.Context, parameter: click.Parameter, by: str | None) -> str | None:
    del context, parameter
    if by is not None and "@" in by:
        raise click.BadParameter(
            f"{by!r} is an address, and it is kept for ever: give a name or a function, as in "
            "j.lindqvist."
        )
    return by
