"""Listening sockets, bound: to every endpoint, or to none."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.config import Endpoint

BACKLOG = 4096  # the kernel bounds it by net.core.somaxconn

SOCKET_MODE = 0o660
"""Of a Unix socket, whatever the umask: who may connect is its owner, and its group.

To connect is to write to it (unix(7)), so with the usual umasks nobody else could; and whoever can
is trusted, so the world must not. A mail server becomes a member of the group.
"""


def bind_all(endpoints: Iterable[Endpoint]) -> list[socket.socket]:
    """Listen on every endpoint, or on none.

    ``OSError`` names the endpoint that could not be had, says why, and what to do about it.
    """
    bound: list[socket.socket] = []
    with contextlib.ExitStack() as undo:
        for endpoint in endpoints:
            try:
                for sock in _bind(endpoint):
                    undo.callback(sock.close)
                    bound.append(sock)
            except OSError as error:
                raise OSError(
                    error.errno, f"cannot listen on {endpoint}: {_bind_error(error, endpoint)}"
                ) from error
        undo.pop_all()
    return bound


def _bind(endpoint: Endpoint) -> Iterator[socket.socket]:
    if endpoint.path is not None:
        _clear_stale_socket(endpoint.path)
        yield _listening(socket.AF_UNIX, endpoint.path)
        return
    found = socket.getaddrinfo(
        endpoint.host, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    # A name may stand for several addresses: all of them are ours.
    for family, _, _, _, address in dict.fromkeys(found):
        yield _listening(family, address)


def _listening(family: socket.AddressFamily, address: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_UNIX:
            # What it is bound with is this without the umask's bits: never more, even for a moment.
            os.fchmod(sock.fileno(), SOCKET_MODE)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # [::] next to 0.0.0.0 would be the same port twice.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.settimeout(0)
        sock.bind(address)
        if family == socket.AF_UNIX:
            os.chmod(address, SOCKET_MODE)  # noqa: PTH101 - a socket's address is a text
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _clear_stale_socket(path: str) -> None:
    """Remove the socket of a process that is gone; a live one answers and is left alone."""
    try:
        if not _is_socket(path):
            return
    except OSError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108
        except OSError:
            return


def _is_socket(path: str) -> bool:
    return stat.S_ISSOCK(os.stat(path).st_mode)  # noqa: PTH116


# What to do about it.

_TCP = {
    errno.EADDRINUSE: "another program listens there (`ss -ltnp` names it): stop it, or change one",
    errno.EADDRNOTAVAIL: "this machine has no such address (`ip address` shows those it has)",
    errno.EACCES: "a port below 1024 needs a privilege: let systemd hand the socket over "
    "(docs/systemd.md), or take a higher one",
}


def _bind_error(error: OSError, endpoint: Endpoint) -> str:
    if isinstance(error, socket.gaierror):  # its numbers are its own
        return f"{error.strerror}: write an IP address, or see to the name (/etc/hosts)"
    code = error.errno or 0
    remedy = _TCP.get(code) if endpoint.path is None else _unix_remedy(code, endpoint.path)
    return f"{os.strerror(code)}: {remedy}" if remedy else os.strerror(code)


def _unix_remedy(code: int, path: str) -> str | None:
    folder = os.path.dirname(path)  # noqa: PTH120
    if code == errno.EADDRINUSE:
        if _is_socket(path):
            return "another program listens there: stop it, or change one of the two paths"
        return "what lies there is no socket: move it away, or take another path"
    if code in {errno.ENOENT, errno.ENOTDIR}:
        return (
            f"there is no folder {folder}: make it, or take one that is there; under systemd "
            "/run/monition is"
        )
    if code in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (
            f"the user that Monition runs as may not write to {folder}: let it, or take a folder "
            "of its own; under systemd that is /run/monition"
        )
    return None
