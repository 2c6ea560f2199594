"""``--by`` for the acts of the office: who does it, as the ledger keeps it for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.compliance.actor import lasting_name

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
    if by is None:
        return None
    try:
        return lasting_name(by)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
