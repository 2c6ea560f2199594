"""aiosmtpd's own relay, ``handlers.Proxy``, by its public API: LISTEN_PORT NEXT_HOP_PORT."""

from __future__ import annotations

import signal
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Proxy

STOPS = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    """Relay until SIGTERM or SIGINT."""
    listen, next_hop = map(int, sys.argv[1:])
    # Before the controller's thread starts, so that it is deaf to them as well.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    controller = Controller(Proxy("127.0.0.1", next_hop), hostname="127.0.0.1", port=listen)
    controller.start()
    signal.sigwait(STOPS)
    controller.stop()


if __name__ == "__main__":
    main()
