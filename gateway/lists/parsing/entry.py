"""What a reader gives for each row of a list: an entry, or why the row was not taken.

A reader is a function from the parts of a list to entries and rejections, in the order of the
rows. It opens nothing, guesses nothing, and drops nothing in silence: every row is either an
:class:`Entry` or a :class:`RejectedRow`, or belongs to an entry (its aliases, its remarks).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.lists.parsing.untrusted_file import UntrustedFile
    from gateway.model import Listing


class RejectedRowReason(StrEnum):
    """Why a row was not taken. The first four are no fault of the row's."""

    INDIVIDUAL = "individual"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"
    OTHER_KIND = "other-kind"  # of no interest here: a security, a crypto wallet, an address
    OTHER_LIST = "other-list"  # a list that the catalogue has under no name
    INACTIVE = "inactive"  # withdrawn, merged into another, closed
    NAMELESS = "nameless"
    MALFORMED = "malformed"  # too few columns, a field that cannot be read
    DUPLICATE = "duplicate"  # its identifier stood before
    ORPHAN = "orphan"  # an alias or a remark whose entry is not there


@dataclass(frozen=True, slots=True)
class Entry:
    """One institution as one list names it.

    ``id`` is the entity's: the list's own identifier behind a prefix (``us-ofac-38316``), the
    same in every file that carries the identifier. ``listings`` are its designations there, one a
    programme. ``weak_aliases`` are names too common to match by themselves. ``websites`` and
    ``emails`` are text as the list gives it, not yet looked at; ``domains`` are what it states to
    be domains of mail, in normal form. ``identifiers`` tie it to other lists, as ``scheme:value``
    in lower case: ``un:qde.004``, ``lei:253400…``, ``ru-inn:7744…``. ``country`` is an ISO 3166-1
    code of two letters.
    ``place`` is file and line, or file and identifier where a format has no lines.
    """

    id: str
    name: str
    place: str
    listings: tuple[Listing, ...]
    aliases: tuple[str, ...] = ()
    weak_aliases: tuple[str, ...] = ()
    country: str | None = None
    websites: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken. ``detail`` is for people, one line, and may be empty."""

    reason: RejectedRowReason
    place: str
    detail: str = ""


Reader = Callable[[Mapping[str, "UntrustedFile"]], Iterator[Entry | RejectedRow]]
"""From the parts of a list, by the role each plays there (``sdn.csv``), to what they hold.

Raises :class:`gateway.errors.ListError` where a file as a whole cannot be read; what was given
before it is then to be thrown away.
"""

_APART = re.compile(r"[^a-z0-9]+")


def slug(name: str) -> str:
    """Give a name as part of an id, where a list gives no identifier: letters, digits, hyphens.

    Accents go; what has no Latin letters at all is told apart by its code points.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    found = _APART.sub("-", plain).strip("-")
    return found or "u" + "-".join(f"{ord(sign):x}" for sign in name.strip()[:40])


def unique(texts: Iterator[str] | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Give texts with single spaces, without empty ones and repetitions, in their order."""
    return tuple(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))
