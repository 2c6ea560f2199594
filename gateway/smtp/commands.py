"""SMTP command lines, RFC 5321 section 4.1: framed and looked at, never rewritten."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.model import Client
from gateway.smtp.proxy_protocol import plain_address

LINE_LIMIT = 4096
"""Bytes of a command line, CRLF included: room for DSN and SMTPUTF8 parameters."""


class Line(NamedTuple):
    """One framed line and where the next begins. ``raw`` is ``b""`` where it was too long."""

    raw: bytes
    end: int


def is_clean(raw: bytes) -> bool:
    """Whether a framed line is one line to every peer: no NUL, no bare CR, no bare LF."""
    # Of the three only the CR and the LF at its end: one call, where each alone would be one.
    return raw.endswith(b"\r\n") and len(raw.translate(None, b"\r\n\0")) == len(raw) - 2


def is_single(data: bytes) -> bool:
    """Whether the bytes are one clean line of a sensible length and nothing else."""
    return len(data) <= LINE_LIMIT and is_clean(data)


def verb(raw: bytes) -> bytes:
    """The first word in capitals, ``b""`` for an empty line.

    Leading white space is passed over, since some servers (Postfix among them) do so too: a
    ``DATA`` that the next hop sees must not escape us.
    """
    words = raw.split(None, 1)
    return words[0].upper() if words else b""


_HEXCHAR: Final = re.compile(rb"\+([0-9A-Fa-f]{2})")
_UNKNOWN: Final = frozenset({b"[UNAVAILABLE]", b"[TEMPUNAVAIL]"})


def read_xforward(raw: bytes, client: Client) -> Client:
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
    if address is not None:
        address = plain_address(address[5:] if address[:5].upper() == "IPV6:" else address)
    return Client(address=address, helo=values["HELO"], ident=values["IDENT"])


def _xtext(value: bytes) -> str:
    plain = _HEXCHAR.sub(lambda match: bytes([int(match[1], 16)]), value)
    text = plain.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "�" for char in text)
