"""An address to listen on or to connect to: ``host:port``, ``[v6]:port`` or ``unix:/path``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

# RFC 1123 section 2.1: letters, digits and inner hyphens; `_` is seen in container networks.
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
# The path of a socket lies in a fixed field of the kernel's (unix(7): 108 bytes with its NUL).
_LONGEST_PATH = 107


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A TCP address, or the path of a Unix socket; then ``path`` is set and the rest is empty.

    ``host`` is an IP address without brackets, or a host name in lower case; ``path`` is absolute.
    """

    host: str = ""
    port: int = 0
    path: str | None = None

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read one of the three forms; ``ValueError`` says what is wrong with it."""
        if text.startswith("unix:"):
            return cls(path=_socket_path(text.removeprefix("unix:")))
        host, colon, port = text.rpartition(":")
        if not colon or not host:
            raise ValueError(f'is {text!r}, must be "host:port", "[v6]:port" or "unix:/path"')
        return cls(host=_host(host, text), port=_port(port, text))

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it: 127/8, ::1, ``localhost`` or a Unix socket."""
        return self.path is not None or _is_loopback(self.host)

    def serves(self, target: Endpoint) -> bool:
        """Whether a listener on this endpoint may be what ``target`` connects to.

        One that listens on every address of the machine also answers on each loopback one.
        """
        if self.path is not None or target.path is not None:
            return self.path == target.path
        if self.port != target.port:
            return False
        ours, theirs = _plain(self.host), _plain(target.host)
        return ours == theirs or (_is_any(ours) and (_is_any(theirs) or _is_loopback(theirs)))


def _host(host: str, text: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(IPv6Address(host[1:-1]))
        except ValueError:
            raise ValueError(f"is {text!r}: {host[1:-1]!r} is not an IPv6 address") from None
    if ":" in host:
        raise ValueError(f"is {text!r}: put an IPv6 address in brackets, as in [::1]:10025")
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    labels = host.removesuffix(".").split(".")
    # A last label of digits alone is a mistyped IPv4 address, never a name (RFC 3696 section 2).
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise ValueError(f"is {text!r}: {host!r} is neither an IP address nor a host name")
    return host.lower()


def _port(port: str, text: str) -> int:
    if not (port.isascii() and port.isdigit()) or not 1 <= int(port[:6]) <= 65535:
        raise ValueError(f"is {text!r}: the port must be a number from 1 to 65535, not {port!r}")
    return int(port)


def _socket_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f'is "unix:{path}": the path of a socket must begin with /')
    if len(path.encode()) > _LONGEST_PATH:
        raise ValueError(f"names a socket path of more than {_LONGEST_PATH} bytes; shorten it")
    return path


def _plain(host: str) -> str:
    return "127.0.0.1" if host in {"localhost", "localhost."} else host


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(_plain(host))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _is_any(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
