"""Whose a delivery is: read in what a server says to the next one, which is no riddle any more."""

from __future__ import annotations

import contextlib
import re

import idna

from tests.fuzz.servers import lines

_ROUTE = re.compile(rb"@([^,:]*)[,:]")
_BLANKS = re.compile(r"[\s\u200b\u00ad\u2060\ufeff]+")


def whole(line: bytes) -> bytes:
    """What stands between the brackets of a line that RFC 5321 reads, without a source route."""
    path = line[line.index(b"<") + 1 : line.rindex(b">")]
    return path.rpartition(b":")[2] if path.startswith(b"@") else path


def domain(path: bytes) -> str:
    """The domain that a delivery goes to: the first of a source route, or the last there is."""
    routed = _ROUTE.match(path)
    found = routed[1] if routed else path.rpartition(b"@")[2]
    text = _BLANKS.sub("", found.decode("utf-8", "replace"))
    with contextlib.suppress(idna.IDNAError, UnicodeError):
        text = idna.encode(text.rstrip("."), uts46=True).decode("ascii")
    return text.rstrip(".").lower()


def as_meant(path: bytes, line: bytes) -> bytes:
    """A delivery's path without the "=" that Exim 4.96 puts before a local part.

    It does where a blank or a comment stood there; a "=" of the line's own belongs to the mailbox.
    """
    is_exims = path.startswith(b"=") and path[:4] not in line
    return path[1:] if is_exims else path


def is_listed(path: bytes) -> bool:
    """Whether a delivery goes to a listed domain, or to the listed mailbox."""
    name = domain(path)
    if any(name == listed or name.endswith(f".{listed}") for listed in lines.LISTED):
        return True
    local, at = lines.LISTED_MAILBOX
    mailbox = path.rpartition(b"@")[0].strip(b'"').lower()
    return name == at and re.fullmatch(rb"%s(?:\+.*)?" % local.encode(), mailbox) is not None
