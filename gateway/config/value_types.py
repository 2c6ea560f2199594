"""The texts of a configuration, each read into its type; ``ValueError`` says what is wrong."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import idna

from gateway.config.endpoint import Endpoint
from gateway.document import describe

if TYPE_CHECKING:
    from gateway.config.settings import Network

# RFC 5321 section 4.1.2, Dot-string; a quoted local part has no place in a notice's From.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SOURCE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MOST_WORKERS = 256
_MAPPED_BITS = 96  # in front of an IPv4 address in IPv6


def domain(text: str) -> str:
    """Read a domain of two labels or more into its normal form: A-labels, lower case."""
    name = text.strip().removesuffix(".")
    if "@" in name:
        raise ValueError(f"is {text!r}: write the domain alone, as in {name.rpartition('@')[2]}")
    if "*" in name or name.startswith("."):
        bare = name.lstrip("*.")
        raise ValueError(f"is {text!r}: subdomains are included without a sign; write {bare}")
    try:
        normal = idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValueError(f"is {text!r}, which is not a domain name") from None
    labels = normal.split(".")
    if len(labels) < 2:
        raise ValueError(f"is {text!r}: a whole domain is needed, as in example.edu")
    if labels[-1].isdigit():
        raise ValueError(f"is {text!r}: an IP address is not a domain")
    return normal


def email(text: str) -> str:
    """Read a bare mail address; its domain is brought to its normal form."""
    if "<" in text or " " in text.strip():
        raise ValueError(f"is {text!r}: write the address alone, as in office@example.edu")
    local, at, host = text.strip().rpartition("@")
    if not at:
        raise ValueError(f"is {text!r}, which is not a mail address: it has no @")
    # RFC 5321 section 4.5.3.1.1: at most 64 octets.
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise ValueError(f"is {text!r}: {local!r} before the @ is not plain ASCII atoms")
    try:
        return f"{local}@{domain(host)}"
    except ValueError as problem:
        raise ValueError(f"is {text!r}, whose domain {problem}") from None


def network(text: str) -> Network:
    """Read an IP address or a network of addresses; never the network of them all."""
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(
            f"is {text!r}, must be an address or a network, as in 192.0.2.0/24"
        ) from None
    mapped = found.network_address.ipv4_mapped if isinstance(found, IPv6Network) else None
    if mapped is not None and found.prefixlen >= _MAPPED_BITS:
        # A client that comes so is known by its IPv4 address: so is its network.
        host = text.strip().partition("/")[0]
        ours = IPv6Address(host).ipv4_mapped
        return network(f"{ours}/{found.prefixlen - _MAPPED_BITS}")
    if found.network_address != ip_interface(text.strip()).ip:
        raise ValueError(f"is {text!r}, which has bits set beyond its mask; write {found}")
    if found.prefixlen == 0:
        raise ValueError(f"is {text!r}, every address there is; name your servers' networks")
    return found


def url(text: str) -> str:
    """Read a web address, ``https://`` or ``http://``."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in text
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(
            f"is {text!r}, must be a whole web address, as in https://example.edu/page"
        )
    return text


def resolver(text: str) -> Endpoint:
    """Read where a DNS server answers: an IP address and a port, since no name helps to find it."""
    endpoint = Endpoint.parse(text)
    try:
        ip_address(endpoint.host)
    except ValueError:
        raise ValueError(
            f"is {text!r}, must be an IP address and a port, as in 192.0.2.53:53"
        ) from None
    return endpoint


def language(text: str) -> str:
    """Read a language tag (RFC 5646) such as ``en`` or ``pt-BR``."""
    if not _LANGUAGE.fullmatch(text):
        raise ValueError(f"is {text!r}, must be a language tag, as in en or pt-BR")
    return text


def source(text: str) -> str:
    """Read the name of a list's source, such as ``us-ofac-sdn``."""
    if not _SOURCE.fullmatch(text):
        raise ValueError(f"is {text!r}, must be a name in lower case, as in us-ofac-sdn")
    return text


def mirror(text: str) -> str:
    """Read where a list is fetched: ``https://``, or ``http://`` on this machine itself."""
    address = url(text)
    parts = urlsplit(address)
    if "@" in parts.netloc:
        raise ValueError("has a user's name in it; a mirror must be one that asks for none")
    if parts.scheme == "http" and not Endpoint(host=str(parts.hostname)).is_loopback:
        raise ValueError(f"is {text!r}: anybody on the way could change a list; use https")
    return address


def workers(value: object) -> int | Literal["auto"]:
    """Read a number of processes, or ``"auto"``."""
    if value == "auto":
        return "auto"
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_WORKERS:
        return value
    shown = repr(value) if isinstance(value, str) else describe(value)
    raise ValueError(f'is {shown}, must be a number from 1 to {_MOST_WORKERS}, or "auto"')
