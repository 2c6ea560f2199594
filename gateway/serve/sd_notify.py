"""Telling systemd how we are: sd_notify(3), a datagram to ``$NOTIFY_SOCKET``.

Only a service's main process speaks: the supervisor, or the one process there is.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"

WATCHDOG_SECONDS = 0.9
"""A little less than a second, so that what is called every second feeds every time."""


class Notifier:
    """Speaks to the service manager, where there is one; else it says nothing.

    ``environ`` names it (``NOTIFY_SOCKET``), and the watchdog of process ``pid``.
    """

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        meant_for = environ.get("WATCHDOG_PID") or str(pid)
        self._fed_at = float("-inf")
        self._has_watchdog = bool(environ.get("WATCHDOG_USEC")) and meant_for == str(pid)

    def notify(self, *lines: str, patience: float = 1) -> None:
        """Send one notification. A manager that does not listen is no fault of ours.

        ``patience``: how many seconds to wait for one that is busy.
        """
        if not self._address:
            return
        # A leading @ stands for the NUL of an abstract socket (unix(7)).
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.settimeout(patience)
            to.sendto("\n".join(lines).encode(), address)

    def notify_watchdog(self) -> None:
        """Feed the watchdog, where there is one; called often, it does so once a second.

        ``$WATCHDOG_USEC`` must be well above that. One meal may be missed: nobody waits for it.
        """
        now = time.monotonic()
        if self._has_watchdog and now - self._fed_at >= WATCHDOG_SECONDS:
            self._fed_at = now
            self.notify(ALIVE, patience=0)

    def notify_reloading(self) -> None:
        """Say that a reload begins; ``READY`` says that it is over."""
        self.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
