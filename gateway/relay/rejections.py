"""Clients that are turned away: each is told 421 and let go, without a session of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, cast

import structlog

from gateway.log_rate_limit import Seldom
from gateway.relay.client_side import ClientSide

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from gateway.metrics import Metrics
    from gateway.relay.read_buffer import Room

LINGERING = 32
"""How many may keep their connection for a moment, so that our words reach whoever is speaking.

It is a descriptor each, of those that no session gets (``gateway/serve/descriptor_budget.py``). Of
more the connection is closed at once: their 421 is out, and a client that waits for its greeting,
as it must (RFC 5321 section 3.1), loses nothing by it.
"""

log = structlog.get_logger("relay")


class Reason(StrEnum):
    """Why a client is turned away: a label of a metric."""

    SESSIONS = "sessions"
    DESCRIPTORS = "descriptors"
    STRANGER = "stranger"
    CLOSING = "closing"


_WORTH_A_LINE = {
    Reason.SESSIONS: "clients turned away: relay.max_sessions is reached",
    Reason.DESCRIPTORS: "clients turned away: too few descriptors are left, raise LimitNOFILE=",
}


class Farewell(ClientSide):
    """A client on its way out. What it still says is read, so that it can read our last words."""

    __slots__ = ("_began", "_farewells")

    def __init__(self, farewells: Farewells, client: asyncio.Transport, now: float) -> None:
        super().__init__(farewells.room)
        self._farewells = farewells
        self._client = client
        self._began = now

    def say(self, words: bytes, *, lingers: bool) -> None:
        """Tell it, and close: lingering, or at once."""
        client = self._client
        if client is not None:
            client.write(words)
            if lingers:
                self._take_leave_of_client()
            else:
                client.close()

    def data_received(self, data: bytes) -> None:
        """Nobody is here to listen."""

    def eof_received(self) -> bool:
        """It will say no more, and it has our words: there is nothing left to wait for."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        del exc
        self._client = None
        self._farewells.ended(self)

    def check(self, now: float) -> None:
        """Asked every second or so: it need not stay for ever."""
        self._linger(now - self._began)

    def abandon(self) -> None:
        """Close as it is."""
        if self._client is not None:
            self._client.abort()


class Farewells:
    """All that one process turns away: counted, told to the operator, and bounded in number."""

    def __init__(self, room: Room, metrics: Metrics, one_left: Callable[[], None]) -> None:
        """``one_left`` is called whenever one of them is gone."""
        self.room = room
        self._metrics = metrics
        self._one_left = one_left
        self._under_way: set[Farewell] = set()
        self._lines = {reason: Seldom() for reason in _WORTH_A_LINE}

    def __len__(self) -> int:
        return len(self._under_way)

    def say(self, client: asyncio.Transport, words: bytes, now: float, *, lingers: bool) -> None:
        """Tell a client why, and let it go; it lingers only where there is room for it."""
        farewell = Farewell(self, client, now)
        client.set_protocol(cast("asyncio.Protocol", farewell))
        lingers = lingers and len(self._under_way) < LINGERING
        self._under_way.add(farewell)
        farewell.say(words, lingers=lingers)

    def count(self, reason: Reason, now: float) -> None:
        """Count one that is turned away; of some reasons an operator hears once a minute."""
        self._metrics.turned_away.labels(reason.value).inc()
        if reason in _WORTH_A_LINE:
            left_out = self._lines[reason].left_out(now)
            if left_out is not None:
                log.warning(_WORTH_A_LINE[reason], left_out=left_out)

    def ended(self, farewell: Farewell) -> None:
        """Its connection is closed."""
        self._under_way.discard(farewell)
        self._one_left()

    def check(self, now: float) -> None:
        """Asked every second or so."""
        for farewell in tuple(self._under_way):
            farewell.check(now)

    def abandon(self) -> None:
        """The process ends."""
        for farewell in tuple(self._under_way):
            farewell.abandon()
