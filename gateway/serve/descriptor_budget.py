"""How many connections and files one process may have open, by the system's own count.

A shell and many a service manager allow 1,024 unless asked for more (getrlimit(2),
``RLIMIT_NOFILE``): half of what the default ``relay.max_sessions`` takes. So the limit is raised,
or fewer sessions are let in. What is spared is there so that whoever comes then can be told 421
(``gateway/relay/limits/descriptor_limit.py``): with none free, nobody can be told anything.
"""

from __future__ import annotations

import contextlib
import resource
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from gateway.config import Relay

SPARE = 100
"""For listening sockets, the ledger, the log, notices on their way; for clients on their way out,
and for the last ones, which no session gets."""

log = structlog.get_logger("serve")


def allowed_sessions(relay: Relay) -> int:
    """Raise this process's limit for ``relay.max_sessions``; how many sessions it allows.

    What is forked afterwards has the same limit, for itself. Where the system does not allow
    enough for ``max_sessions`` in one process, which may get nearly all of them, that is told.
    """
    # The client's end and the next hop's; as many again may wait for a header or a handshake.
    each = 3 if relay.listen_tls or relay.proxy_protocol else 2
    wanted = relay.max_sessions * each + SPARE
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_enough(allowed, wanted):
        return relay.max_sessions
    target = wanted if _is_enough(most, wanted) else most
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, most))
        allowed = target
    if _is_enough(allowed, wanted):
        return relay.max_sessions
    fitting = max(1, (allowed - SPARE) // each)
    log.warning(
        "too few descriptors for relay.max_sessions: raise LimitNOFILE= or ulimit -n",
        descriptors=allowed,
        wanted=wanted,
        sessions=fitting,
    )
    return fitting


def _is_enough(limit: int, wanted: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= wanted
