"""Silences: whose turn it is to speak in a relay, and what becomes of one that never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.relay import timeouts
from gateway.relay.client_side import ClientSide
from gateway.relay.failover import Reach
from gateway.smtp import own_replies
from gateway.smtp.pending_replies import awaits_dot_reply
from gateway.smtp.session import Session

if TYPE_CHECKING:
    import asyncio

    from gateway.relay.next_hop import Hop
    from gateway.relay.server import Listener


class Patience(ClientSide):
    """What a :class:`gateway.relay.connection.Relay` waits for, and for how long.

    No wait has a timer of its own, which every packet would pay for: whoever speaks only resets
    a number, and a sweep over all relays once a second looks at it.
    """

    __slots__ = (
        "_ended_at",
        "_hop",
        "_listener",
        "_reach",
        "_session",
        "_silent_since",
        "_stuck_since",
        "_task",
        "number",
    )

    def __init__(self, listener: Listener) -> None:
        super().__init__(listener.room)
        self._listener = listener
        self._session = Session(refuse_lookalikes=listener.refuses_lookalikes)
        self._hop: Hop | None = None
        self._reach = Reach(listener)
        self._task: asyncio.Task[None] | None = None
        # On the loop's clock, 0.0 for "not now"; silences begin when `check` first sees them.
        self._silent_since = self._stuck_since = self._ended_at = 0.0
        self.number = 0
        """Which session of its process it is, from 1; 0 before it is let in."""

    # What a relay adds. No abc: a compiled build cannot have its classes.

    def _go_on(self) -> None:
        """Do all that the session now asks for."""
        raise NotImplementedError

    def _abort(self) -> None:
        """End both connections as they are."""
        raise NotImplementedError

    def check(self, now: float) -> None:
        """Asked every second or so: has someone been silent for too long?"""
        if self._ended_at:
            self._linger(now - self._ended_at)
        elif self._reach.is_under_way:
            self._reach.check(now)
        elif self._task is not None:
            pass  # our own waits have their own ends
        elif self._awaits_hop():
            self._silent_since = 0.0  # the client waits, and may
            self._stuck_since = self._stuck_since or now
            self._check_hop(now)
        else:
            self._stuck_since = 0.0
            self._silent_since = self._silent_since or now
            if now - self._silent_since > timeouts.CLIENT_SECONDS:
                self._session.close(own_replies.TIMED_OUT)
                self._go_on()

    def _awaits_hop(self) -> bool:
        """Whether it is the next hop's turn: a reply is to come, or it must read on."""
        session, hop = self._session, self._hop
        if hop is not None and hop.is_full:
            return True
        return bool(session.pending) and not session.is_in_content

    def _check_hop(self, now: float) -> None:
        session = self._session
        is_dot = awaits_dot_reply(session.pending)
        limit = timeouts.DOT_SECONDS if is_dot else timeouts.HOP_SECONDS
        if now - self._stuck_since > limit:
            self._tell_of_hop("next hop silent", seconds=limit)
            session.next_hop_closed()
            self._go_on()

    def _tell_of_hop(self, event: str, **facts: float) -> None:
        """Count that the next hop failed us in mid-session, and tell how far it had come."""
        listener = self._listener
        listener.tell_of_hop(
            event,
            self._reach.latest,
            session=listener.name_of(self),
            step=self._session.step,
            **facts,
        )
