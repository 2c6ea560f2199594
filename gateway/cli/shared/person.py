"""Who sits at the terminal, and why they look: what the access log says of a reading (A9)."""

from __future__ import annotations

import functools
import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import click

from gateway.ledger.query.logged_reading import Access
from gateway.ledger.record.office_events import Hand

F = TypeVar("F", bound=Callable[..., Any])

REASON = "MONITION_REASON"


def read_as(verb: str) -> Callable[[F], F]:
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


def access(verb: str, reason: str | None) -> Access:
    """Give the access of whoever runs this command."""
    return Access(signed_in(), verb, reason or None, lambda: datetime.now(UTC), os.urandom)


def hand(by: str | None) -> Hand:
    """Give the hand of whoever runs this command, or of the person that they name."""
    return Hand(by or signed_in(), datetime.now(UTC), os.urandom)


def signed_in() -> str:
    """Give the name that this person is signed in with; behind sudo, the one before it."""
    if name := os.environ.get("SUDO_USER"):
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
