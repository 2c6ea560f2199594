"""The PROXY protocol, versions 1 and 2: what a balancer tells of the client ahead of its bytes.

Read as haproxy's ``doc/proxy-protocol.txt`` (sections 2.1 and 2.2) defines it, and strictly: the
header decides whose words are believed, so whatever is not exactly a header is none. Who may send
one at all is not decided here.
"""

from __future__ import annotations

import re
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

V1_LIMIT = 107
"""Bytes of a version 1 header, CRLF included: the specification's worst case."""

V2_LIMIT = 4096
"""Bytes of a version 2 header that we read. Its length field allows 65,551; balancers send their
addresses and a few hundred bytes of TLVs."""

V1_PREFIX = b"PROXY "
V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_V2_FIXED = 16  # signature, version and command, family and protocol, length


class Header(NamedTuple):
    """A whole header. ``size`` is its bytes; what follows them is the client's.

    ``address`` is the client's IP address, or ``None`` where the header names none (a health
    check of the balancer's own, an unknown protocol, a Unix socket): the connection's own then
    holds (section 2.2: LOCAL, AF_UNSPEC).
    """

    address: str | None
    size: int


class Unread(Enum):
    """Why there is no header."""

    INCOMPLETE = "more bytes are needed"
    INVALID = "this is no PROXY protocol header"


def read(data: bytes) -> Header | Unread:
    """Read the header that ``data``, all the bytes of a connection so far, begins with.

    Needs at most ``V1_LIMIT`` or ``V2_LIMIT`` bytes for an answer other than ``INCOMPLETE``.
    """
    if data.startswith(V1_PREFIX):
        return _read_v1(data)
    if data.startswith(V2_SIGNATURE):
        return _read_v2(data)
    if V1_PREFIX.startswith(data) or V2_SIGNATURE.startswith(data):
        return Unread.INCOMPLETE
    return Unread.INVALID


# ── version 1: a line of text, section 2.1 ───────────────────────────────────────────────────

# Single spaces, ports without leading zeros.
_PORT = rb"(0|[1-9][0-9]{0,4})"
_TCP = re.compile(rb"(TCP4|TCP6) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) " + _PORT + rb" " + _PORT)


def _read_v1(data: bytes) -> Header | Unread:
    end = data.find(b"\r\n", 0, V1_LIMIT)
    line = data[:V1_LIMIT] if end < 0 else data[:end]
    # The one CR of a line that is not whole yet may be the last byte of it.
    if b"\n" in line or b"\r" in line[:-1] or (end >= 0 and b"\r" in line):
        return Unread.INVALID
    if end < 0:
        return Unread.INCOMPLETE if len(data) < V1_LIMIT else Unread.INVALID
    said = line[len(V1_PREFIX) :]
    if said == b"UNKNOWN" or said.startswith(b"UNKNOWN "):
        # Whatever stands behind the word is to be ignored.
        return Header(None, end + 2)
    match = _TCP.fullmatch(said)
    if match is None or max(int(match[4]), int(match[5])) > 65535:
        return Unread.INVALID
    family = IPv4Address if match[1] == b"TCP4" else IPv6Address
    try:
        source, _ = (family(match[at].decode("ascii")) for at in (2, 3))
    except AddressValueError:
        return Unread.INVALID
    return Header(plain_address(str(source)), end + 2)


# ── version 2: binary, section 2.2 ───────────────────────────────────────────────────────────

_LOCAL, _PROXY = 0x20, 0x21  # version 2 in the upper half
# Bytes of the two addresses and ports, by family and protocol: streams alone, mail is no datagram.
_UNSPEC, _TCP4, _TCP6, _UNIX = 0x00, 0x11, 0x21, 0x31
_ADDRESS_BYTES = {_UNSPEC: 0, _TCP4: 12, _TCP6: 36, _UNIX: 216}


def _read_v2(data: bytes) -> Header | Unread:
    if len(data) < _V2_FIXED:
        return Unread.INCOMPLETE
    command, family = data[12], data[13]
    length = int.from_bytes(data[14:16], "big")
    size = _V2_FIXED + length
    if command not in (_LOCAL, _PROXY) or size > V2_LIMIT:
        return Unread.INVALID
    if command == _PROXY and length < _ADDRESS_BYTES.get(family, length + 1):
        return Unread.INVALID
    if len(data) < size:
        return Unread.INCOMPLETE
    # What is left of the length are TLVs, which say nothing that we ask for.
    if command == _PROXY and family == _TCP4:
        return Header(str(IPv4Address(data[16:20])), size)
    if command == _PROXY and family == _TCP6:
        return Header(plain_address(str(IPv6Address(data[16:32]))), size)
    return Header(None, size)


def plain_address(text: str) -> str:
    """An IP address in the one form in which it is kept; any other text as it is.

    IPv6 as RFC 5952 writes it, and IPv4 in IPv6 (``::ffff:198.51.100.7``) as IPv4: a server that
    listens for both families has every IPv4 client so.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return text
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(address if mapped is None else mapped)
