"""``--reason`` and ``--pseudonyms``: who looks and why, for the access log (A9)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from gateway.compliance.actor import access

F = TypeVar("F", bound=Callable[..., Any])

REASON = "MONITION_REASON"


def access_options(verb: str) -> Callable[[F], F]:
    """Add ``--reason`` and ``--pseudonyms``, handed over as ``who: Access | None``."""

    def decorated(command: F) -> F:
        @functools.wraps(command)
        def with_who(*values: Any, reason: str | None, pseudonyms: bool, **named: Any) -> Any:
            return command(*values, who=None if pseudonyms else access(verb, reason), **named)

        with_reason = click.option(
            "--reason",
            metavar="TEXT",
            envvar=REASON,
            help=f"Why you look, for the access log.  [default: ${REASON}]",
        )(with_who)
        return cast(
            "F",
            click.option(
                "--pseudonyms",
                is_flag=True,
                help="People by pseudonyms: no personal data, and no entry in the access log.",
            )(with_reason),
        )

    return decorated
