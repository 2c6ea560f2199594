"""The listening sockets of all workers: handed over by systemd, else bound here, once.

systemd hands sockets over as descriptors from 3 on (sd_listen_fds(3)). They outlive the gateway:
while it restarts, clients wait in their queues and none is refused (behaviour O3).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import MonitionError
from gateway.relay.bind_sockets import bind_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config import Config

FIRST_DESCRIPTOR = 3
"""The first descriptor that is handed over: ``SD_LISTEN_FDS_START``."""

METRICS_SOCKET = "metrics"
"""The ``FileDescriptorName=`` of the socket for the health pages; any other is the relay's."""


@dataclass(frozen=True, slots=True)
class ListenerSockets:
    """Bound sockets. ``pages`` is ``None`` where no health pages are asked for."""

    relay: tuple[socket.socket, ...]
    pages: socket.socket | None


def listen(config: Config, environ: Mapping[str, str], pid: int) -> ListenerSockets:
    """Take what systemd hands over and bind what it doesn't; ``pid`` is ours.

    ``OSError`` names the endpoint that could not be had; ``MonitionError`` the descriptor that
    is of no use.
    """
    handed = from_systemd(environ, pid)
    relay = tuple(sock for name, sock in handed if name != METRICS_SOCKET)
    pages = [sock for name, sock in handed if name == METRICS_SOCKET]
    if not pages and config.metrics is not None:
        pages = bind_all([config.metrics.listen])
    if not relay:
        relay = tuple(bind_all((*config.relay.listen, *config.relay.listen_tls)))
    return ListenerSockets(relay, pages[0] if pages else None)


def from_systemd(environ: Mapping[str, str], pid: int) -> list[tuple[str, socket.socket]]:
    """Take the sockets that systemd handed to this process, each with its name: sd_listen_fds(3).

    A nameless one is called ``unknown``; empty where none was meant for us. ``MonitionError``:
    their number cannot be read, or one is no listening stream socket.
    """
    if environ.get("LISTEN_PID") != str(pid):
        # None, or meant for a process that started us.
        return []
    count = environ.get("LISTEN_FDS", "")
    if not count.isdecimal():
        raise MonitionError(f"LISTEN_FDS is {count!r}, and must be a number: see sd_listen_fds(3)")
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    names += [""] * (int(count) - len(names))
    return [
        (name or "unknown", _taken(FIRST_DESCRIPTOR + number, name))
        for number, name in enumerate(names[: int(count)])
    ]


def _taken(descriptor: int, name: str) -> socket.socket:
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError:
        sock = None
    if sock is None or not _is_listening(sock):
        if sock is not None:
            sock.close()
        called = f" ({name})" if name else ""
        raise MonitionError(
            f"descriptor {descriptor}{called}, handed over by LISTEN_FDS, is no listening "
            "stream socket: the .socket unit needs ListenStream= and Accept=no"
        )
    sock.set_inheritable(False)
    sock.settimeout(0)
    return sock


def _is_listening(sock: socket.socket) -> bool:
    is_listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return bool(is_listening) and sock.type == socket.SOCK_STREAM


def endpoint_of(sock: socket.socket) -> str:
    """Where a socket listens, spelt as in the configuration: ``unix:PATH``, ``HOST:PORT``."""
    address = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return f"unix:{address}"
    host, port = address[:2]
    return f"[{host}]:{port}" if sock.family == socket.AF_INET6 else f"{host}:{port}"
