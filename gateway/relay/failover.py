"""The next hops in their order: tried one after the other, until one lets a session in."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import structlog

from gateway.errors import NextHopError
from gateway.log_rate_limit import LogRateLimit
from gateway.relay import next_hop_starttls, tls

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from gateway.config import Endpoint, Tls
    from gateway.metrics import Metrics
    from gateway.relay.next_hop import NextHopUser

FAILURE_LINES = 20
"""Lines a minute, at most, that the next hops' failures make in the log."""

log = structlog.get_logger("relay")


class NextHops:
    """The configured next hops, how they are connected to, and what is told of their failures."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        mode: Tls,
        metrics: Metrics,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.endpoints = endpoints
        self.loop = loop
        self.connect, self.connect_seconds = next_hop_starttls.connector(mode)
        """Connects a session to one next hop, in so many seconds at the latest."""
        self._metrics = metrics
        self._lines = LogRateLimit(FAILURE_LINES)

    def failed(self, event: str, hop: Endpoint, **facts: object) -> None:
        """Count a next hop that failed, and tell of it; of many in a minute only of the first."""
        self._metrics.next_hop_errors.inc()
        left_out = self._lines.suppressed(self.loop.time())
        if left_out is not None:
            log.warning(event, next_hop=str(hop), **facts, left_out=left_out)


class Failover:
    """One session's way through the next hops: each is tried once."""

    __slots__ = ("_began", "_is_wanted", "_next_hops", "_task", "_tried")

    def __init__(self, next_hops: NextHops) -> None:
        self._next_hops = next_hops
        self._tried = 0
        self._is_wanted = True
        self._began = 0.0
        self._task: asyncio.Task[object] | None = None

    @property
    def is_connecting(self) -> bool:
        """Whether a next hop is being connected to."""
        return self._task is not None

    @property
    def is_last(self) -> bool:
        """Whether no other next hop can be tried."""
        return self._tried == len(self._next_hops.endpoints)

    @property
    def current(self) -> Endpoint:
        """The one that was last tried, which is the one that is connected, if any is."""
        return self._next_hops.endpoints[self._tried - 1]

    def connect_to_next(self, user: NextHopUser) -> None:
        """Connect a session to the next one, of which there must be one."""
        hops = self._next_hops
        endpoint = hops.endpoints[self._tried]
        self._tried += 1
        # It has no timer of its own, which every session would pay for: `check_timeout` looks.
        self._began = hops.loop.time()
        self._task = hops.loop.create_task(hops.connect(endpoint, user))
        self._task.add_done_callback(functools.partial(self._ended, user))

    def _ended(self, user: NextHopUser, task: asyncio.Task[object]) -> None:
        self._task = None
        error = TimeoutError() if task.cancelled() else task.exception()
        if isinstance(error, (OSError, NextHopError)) and self._is_wanted:
            reason = tls.error_text(error)
            self._next_hops.failed(
                "next hop not reached", self.current, session=user.name, reason=reason
            )
            user.next_hop_not_reached()
        else:
            user.connecting_ended(error)

    def failed(self, event: str, **facts: object) -> None:
        """Count and tell that the one that is connected has failed the session."""
        self._next_hops.failed(event, self.current, **facts)

    def check_timeout(self, now: float) -> None:
        """Asked every second or so: a hop that does not answer in time is given up."""
        if self._task is not None and now - self._began > self._next_hops.connect_seconds:
            self._task.cancel()

    def abandon(self) -> None:
        """Nobody waits for it any more."""
        self._is_wanted = False
        if self._task is not None:
            self._task.cancel()
