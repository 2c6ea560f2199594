"""SMTP command lines, RFC 5321 section 4.1: framed and looked at, never rewritten."""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway.model import Client

LINE_LIMIT = 4096
"""Bytes of a command line, CRLF included: room for DSN and SMTPUTF8 parameters."""


class Line(NamedTuple):
    """One framed line and where the next begins. ``raw`` is ``b""`` where it was too long."""

    raw: bytes
    end: int


def is_clean(raw: bytes) -> bool:
    """Whether a framed line is one line to every peer: no NUL, no bare CR, no bare LF."""
    return b"\0" not in raw and raw.count(b"\r") == 1 and raw.count(b"\n") == 1


def is_single(data: bytes) -> bool:
    """Whether the bytes are one clean line of a sensible length and nothing else."""
    end = len(data) - 2
    return (
        data.find(b"\r") == end
        and data.find(b"\n") == end + 1
        and b"\0" not in data
        and 0 <= end <= LINE_LIMIT - 2
    )


def verb(raw: bytes) -> bytes:
    """The first word in capitals, ``b""`` for an empty line.

    Leading white space is passed over, since some servers (Postfix among them) do so too: a
    ``DATA`` that the next hop sees must not escape us.
    """
    words = raw.split(None, 1)
    return words[0].upper() if words else b""


# A quoted string may hold ">" (RFC 5321 section 4.1.2, Quoted-string).
_BRACKETED = re.compile(rb'[^:]*:[ \t]*<((?:"(?:[^"\\]|\\.)*"|\\.|[^"\\>])*)>', re.DOTALL)
_BARE = re.compile(rb'[^:]*:[ \t]*((?:"(?:[^"\\]|\\.)*"|\\.|[^ \t\r\n\\])*)(<[^>]*>)?', re.DOTALL)


def path(raw: bytes) -> bytes:
    """The path of a MAIL or RCPT line, without its angle brackets; what a lenient server reads.

    Some servers take ``RCPT TO:user@example.org``, so an address without brackets counts too.
    A line without any gives ``b""``.
    """
    match = _BRACKETED.match(raw)
    if match is not None:
        return match[1]
    match = _BARE.match(raw)
    if match is None:
        return b""
    # A display name before the brackets is nobody's mailbox.
    named = match[2] or match[1]
    return (named[named.rfind(b"<") + 1 :] if b"<" in named else named).strip(b"<>")


_HEXCHAR = re.compile(rb"\+([0-9A-Fa-f]{2})")
_UNKNOWN = frozenset({b"[UNAVAILABLE]", b"[TEMPUNAVAIL]"})


def xforward(raw: bytes, client: Client) -> Client:
    """What an XFORWARD line adds to what is known of the client.

    The attributes ADDR, HELO and IDENT are read, values in xtext (RFC 3461 section 4), as
    Postfix's XFORWARD_README gives them. An attribute that cannot be read is left as it was.
    """
    values = {"ADDR": client.address, "HELO": client.helo, "IDENT": client.ident}
    for word in raw.split()[1:]:
        name, _, value = word.partition(b"=")
        key = name.upper().decode("ascii", "replace")
        if key in values:
            values[key] = None if value.upper() in _UNKNOWN else _xtext(value)
    address = values["ADDR"]
    if address is not None and address[:5].upper() == "IPV6:":
        address = address[5:]
    return Client(address=address, helo=values["HELO"], ident=values["IDENT"])


def _xtext(value: bytes) -> str:
    plain = _HEXCHAR.sub(lambda match: bytes([int(match[1], 16)]), value)
    text = plain.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "�" for char in text)
