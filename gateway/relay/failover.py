"""A relay's way to a next hop: one after the other, until one lets it in."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from gateway.errors import NextHopError
from gateway.relay import tls

if TYPE_CHECKING:
    import asyncio

    from gateway.config import Endpoint
    from gateway.relay.connection import Relay
    from gateway.relay.server import Listener


class Reach:
    """The configured next hops, tried in their order, each once in a session."""

    __slots__ = ("_began", "_is_wanted", "_listener", "_task", "_tried")

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._tried = 0
        self._is_wanted = True
        self._began = 0.0
        self._task: asyncio.Task[object] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a next hop is being connected to."""
        return self._task is not None

    @property
    def is_last(self) -> bool:
        """Whether no other next hop can be tried."""
        return self._tried == len(self._listener.next_hops)

    @property
    def latest(self) -> Endpoint:
        """The one that was last tried, which is the one that is connected, if any is."""
        return self._listener.next_hops[self._tried - 1]

    def go_on(self, relay: Relay) -> None:
        """Connect a relay to the next one, of which there must be one."""
        listener = self._listener
        hop = listener.next_hops[self._tried]
        self._tried += 1
        # It has no timer of its own, which every session would pay for: `check` looks at it.
        self._began = listener.loop.time()
        self._task = listener.loop.create_task(listener.reach(hop, relay))
        self._task.add_done_callback(functools.partial(self._ended, relay))

    def _ended(self, relay: Relay, task: asyncio.Task[object]) -> None:
        self._task = None
        error = TimeoutError() if task.cancelled() else task.exception()
        if isinstance(error, (OSError, NextHopError)) and self._is_wanted:
            listener, reason = self._listener, tls.reason(error)
            listener.tell_of_hop(
                "next hop not reached", self.latest, session=listener.name_of(relay), reason=reason
            )
            relay.hop_not_reached()
        else:
            relay.reach_ended(error)

    def check(self, now: float) -> None:
        """Asked every second or so: a hop that does not answer in time is given up."""
        if self._task is not None and now - self._began > self._listener.reach_seconds:
            self._task.cancel()

    def abandon(self) -> None:
        """Nobody waits for it any more."""
        self._is_wanted = False
        if self._task is not None:
            self._task.cancel()
