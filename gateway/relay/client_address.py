"""Whose connection it is, and which of the configured endpoints a socket belongs to."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from gateway.config import Endpoint
from gateway.smtp.proxy_protocol import plain_address

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from gateway.config import Network


def peer_address(connection: asyncio.Transport) -> str | None:
    """The other side's IP address; ``None``: it has none, or none any more.

    A client that resets its connection at once has none any more (uvloop asks the kernel, which
    has forgotten it), and what it had said before can still be read: ask :func:`is_unix` before
    trusting anyone for the want of an address.
    """
    peername = connection.get_extra_info("peername")
    if not isinstance(peername, tuple):
        return None
    address: str = peername[0]
    # A socket for both families has IPv4 clients so (RFC 4291 section 2.5.5.2).
    return plain_address(address) if address.startswith("::") else address


def descriptor_of(connection: asyncio.Transport) -> int:
    """The connection's descriptor; -1 where it has none any more."""
    sock = connection.get_extra_info("socket")
    return -1 if sock is None else int(sock.fileno())


def is_unix(connection: asyncio.Transport) -> bool:
    """Whether it is a Unix socket's: no addresses there, the folder decides who reaches it."""
    sock = connection.get_extra_info("socket")
    return sock is not None and sock.family == socket.AF_UNIX


def is_in_networks(peer: str, networks: Iterable[Network]) -> bool:
    """Whether an IP address, as :func:`peer_address` has it, is in one of the networks."""
    plain = ip_address(plain_address(peer).partition("%")[0])
    return any(plain in network for network in networks)


def is_endpoint_of(endpoints: Iterable[Endpoint], sock: socket.socket) -> bool:
    """Whether a bound socket is one of the endpoints, under this spelling or another.

    Sockets that systemd bound are recognised by it: by their address, or by their port where
    either side says "every address".
    """
    bound = sock.getsockname()
    if isinstance(bound, str):
        return any(endpoint.path == bound for endpoint in endpoints)
    ours = Endpoint(*bound[:2])
    return any(
        endpoint.serves(ours)
        or ours.serves(endpoint)
        or (endpoint.path is None and ours in _resolved(endpoint))
        for endpoint in endpoints
    )


def _resolved(endpoint: Endpoint) -> set[Endpoint]:
    found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    return {Endpoint(str(sockaddr[0]), int(sockaddr[1])) for *_, sockaddr in found}
