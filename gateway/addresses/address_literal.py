"""An IP address as it stands for a domain, in one normal form: RFC 5321 section 4.1.3."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

_LONGEST = 64
_PART = re.compile(r"0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*")


def normal_literal(text: str) -> str | None:
    """Give ``[192.0.2.1]`` or ``[ipv6:2001:db8::1]`` for an IP address in any notation.

    ``text`` is what stands behind the ``@``, with brackets or without. IPv4 may be written as
    ``inet_aton`` reads it (``3221225985``, ``0xc0.0.0x201``, ``0300.0.2.1``): mailers hand names of
    that kind to the resolver. An IPv4 address within an IPv6 one is the IPv4 address. ``None``:
    it is none.
    """
    text = text.removeprefix("[").removesuffix("]").lower().removeprefix("ipv6:").strip()
    if not text or len(text) > _LONGEST or not text.isascii():
        return None
    if ":" in text:
        try:
            address = IPv6Address(text.partition("%")[0])
        except AddressValueError:
            return None
        mapped = address.ipv4_mapped
        return f"[ipv6:{address.compressed}]" if mapped is None else f"[{mapped}]"
    number = _number(text.rstrip("."))
    return None if number is None else f"[{IPv4Address(number)}]"


def address_of(literal: str) -> IPv4Address | IPv6Address | None:
    """The IP address of a literal in its normal form; ``None``: it is no such literal."""
    if not literal.startswith("["):
        return None
    try:
        return ip_address(literal[1:-1].removeprefix("ipv6:"))
    except ValueError:
        return None


def is_global_literal(literal: str) -> bool:
    """Whether a literal in its normal form is an address that a host on the Internet may have."""
    address = address_of(literal)
    return address is not None and address.is_global


def _number(text: str) -> int | None:
    """Read up to four numbers with dots between; the last fills what is left of 32 bits."""
    parts = text.split(".")
    if len(parts) > 4 or not all(map(_PART.fullmatch, parts)):
        return None
    *firsts, last = (int(part, _base(part)) for part in parts)
    if any(each > 0xFF for each in firsts) or last >= 1 << 8 * (4 - len(firsts)):
        return None
    return sum(each << 8 * (3 - at) for at, each in enumerate(firsts)) + last


def _base(part: str) -> int:
    if part.startswith("0x"):
        return 16
    return 8 if part.startswith("0") else 10
