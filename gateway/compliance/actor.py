"""Who acts, who looks: the name that the ledger keeps of them, and the ledger as they see it (A9).

At a terminal it is whoever is signed in there; a page knows by itself who sits before it, and says
so. A name is kept for ever, so it must be one under which an institution knows a person, and no
address.
"""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from gateway.ledger.query.logged_reading import Access, LoggedReading
from gateway.ledger.record.office_events import Actor
from gateway.screening.mailbox_kind_files import read_same_mailboxes

if TYPE_CHECKING:
    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.config import Config

__all__ = [
    "Access",
    "Actor",
    "access",
    "acting_name",
    "current_actor",
    "lasting_name",
    "open_as",
    "same_mailboxes",
    "signed_in",
]


def signed_in() -> str:
    """Give the name that whoever runs this process is signed in with.

    Behind sudo it is the one before it; where the system knows no name, the number.
    """
    if name := os.environ.get("SUDO_USER"):
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def lasting_name(name: str) -> str:
    """Give a name on as one that may be kept for ever; raises ``ValueError`` for what is none.

    None is an address, and nothing at all. The text of the error says what to give in its place. An
    event's facts are sealed, and no erasure reaches them.
    """
    if not name.strip():
        raise ValueError("the name is empty: give a name or a function, as in j.lindqvist.")
    if "@" in name:
        raise ValueError(
            f"{name!r} is an address, and it is kept for ever: give a name or a function, as in "
            "j.lindqvist."
        )
    return name


def access(verb: str, reason: str | None, by: str | None = None) -> Access:
    """Give the access of one who looks: by which ``verb`` (``audit list``), and why.

    ``by`` is their name; left out, it is :func:`signed_in`. An empty reason is none. Raises
    ``ValueError`` for a name that is no :func:`lasting_name`: nobody looks as somebody else.
    """
    return Access(acting_name(by), verb, reason or None, lambda: datetime.now(UTC), os.urandom)


def current_actor(by: str | None = None) -> Actor:
    """Give the hand of one who acts now; ``by`` is their name, left out :func:`signed_in`.

    Raises ``ValueError`` as :func:`access` does.
    """
    return Actor(acting_name(by), datetime.now(UTC), os.urandom)


def open_as(config: Config, who: Access | None) -> LoggedReading:
    """Open the configured ledger as one person sees it; ``None`` sees people by pseudonym alone.

    Use it in a ``with``. Before a row with names is handed out, it is recorded who looks. Raises
    ``LedgerError`` where there is no ledger.
    """
    return LoggedReading(config.ledger.path, who, cache(lambda: same_mailboxes(config)))


def same_mailboxes(config: Config) -> SameMailboxes:
    """Give what the policies know of providers, by which a person looks a sender up (S18)."""
    return read_same_mailboxes(config.policies.directory)


def acting_name(by: str | None) -> str:
    """Give the name of one who acts: ``by``, as :func:`lasting_name` takes it, or left out ours."""
    return signed_in() if by is None else lasting_name(by)
