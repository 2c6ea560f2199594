"""One client's connection, told in order.

A client connects (:meth:`Connection.connection_made`) and is given the first next hop that
answers. From then on bytes go to and fro through :class:`gateway.smtp.session.Session`, and three
times it stops and asks: at the envelope, at the content's end, at the final reply. The answers are
:meth:`Connection._at_envelope`, :meth:`Connection._at_content_end` and
:meth:`Connection._at_reply`; all the rest of this file is plumbing: writing out, pausing, waiting,
and closing. How long it waits for either side stands in :mod:`gateway.relay.timeouts`.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, cast

import structlog

from gateway.config import BareNewlines
from gateway.inspection.inspector import AT_ONCE
from gateway.log import redacted
from gateway.model import Outcome
from gateway.relay import client_starttls, timeouts, tls
from gateway.relay.client_transport import ClientTransport
from gateway.relay.failover import Failover, NextHops
from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import (
    AT_CONTENT_ENDED,
    AT_ENVELOPE,
    AT_RECIPIENT,
    AT_REPLIED,
    AT_STARTTLS,
)
from gateway.smtp.pending_replies import awaits_dot_reply
from gateway.smtp.session import Session

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine, Sequence

    from gateway.config import Relay
    from gateway.inspection.inspector import Inspector
    from gateway.inspection.matched_message import MatchedMessage
    from gateway.metrics import Metrics
    from gateway.model import Decision
    from gateway.relay.admission import AdmissionControl
    from gateway.relay.limits.read_buffer import ReadBuffer
    from gateway.relay.next_hop import NextHop

ENDS: tuple[Outcome, ...] = tuple(each for each in Outcome if each is not Outcome.PENDING)
"""What can become of a message: while it is pending it is not counted."""

log = structlog.get_logger("relay")


class Connections:
    """All client connections of one process, and what they share."""

    def __init__(
        self,
        config: Relay,
        inspector: Inspector,
        admission: AdmissionControl,
        read_buffer: ReadBuffer,
        metrics: Metrics,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.inspector = inspector
        self.admission = admission
        self.read_buffer = read_buffer
        self.next_hops = NextHops(config.next_hop, config.next_hop_tls, metrics, self.loop)
        self.refuse_lookalikes = config.bare_newlines is BareNewlines.REFUSE
        self.max_recipients = config.max_recipients
        self.tls: ssl.SSLContext | None = None
        """Our certificate in force, where there is one."""
        self.open: set[Connection] = set()
        self.one_left = asyncio.Event()
        """Set whenever somebody is gone."""
        # A session is named in the log by its process and its number there.
        self._name = secrets.token_hex(4)
        self._begun = 0
        # A label is looked up under a lock; there are five outcomes, and one a message.
        self._outcomes = {each: metrics.messages.labels(each.value) for each in ENDS}
        self._seconds = metrics.relay_seconds

    def entered(self, connection: Connection) -> str:
        """One more was admitted; its name in the log."""
        self._begun += 1
        self.open.add(connection)
        self.read_buffer.divide_among(len(self.open))
        return f"{self._name}-{self._begun}"

    def left(self, connection: Connection) -> None:
        """A session is over and its connections are closed."""
        if connection in self.open:
            self.open.discard(connection)
            self.admission.left()
            self.read_buffer.divide_among(len(self.open))
        self.one_left.set()

    def count(self, outcomes: Sequence[Outcome], began: float) -> None:
        """Count messages whose end is known, and their seconds since ``began`` (the loop's clock).

        It empties the list it is given.
        """
        for outcome in outcomes:
            self._outcomes[outcome].inc()
            self._seconds.observe(self.loop.time() - began)
        if isinstance(outcomes, list):
            outcomes.clear()


class Connection:
    """A client, its next hop, and the dialogue between them. As a protocol: the client's side.

    It is an :class:`asyncio.BufferedProtocol` in all but name, and the
    :class:`gateway.relay.next_hop.NextHopUser` of its next hop; a compiled build cannot have
    their classes.
    """

    __slots__ = (
        "_address",
        "_client",
        "_connections",
        "_content_began",
        "_ended_at",
        "_failover",
        "_hop",
        "_inspector",
        "_is_held_back",
        "_loop",
        "_matched",
        "_read_buffer",
        "_session",
        "_silent_since",
        "_stuck_since",
        "_task",
        "_turn",
        "name",
    )

    def __init__(self, connections: Connections, client: str | None = None) -> None:
        """``client`` is its address by a balancer's word; ``None``: the connection's own."""
        self.name = ""
        """The session's name in the log, once it is let in: it tells nothing of anybody."""
        self._connections = connections
        self._loop = connections.loop
        self._inspector = connections.inspector
        self._read_buffer = connections.read_buffer
        self._address = client
        self._client = ClientTransport()
        self._failover = Failover(connections.next_hops)
        self._hop: NextHop | None = None
        self._session = Session(
            refuse_lookalikes=connections.refuse_lookalikes,
            max_recipients=connections.max_recipients,
        )
        self._matched: MatchedMessage | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_held_back = False  # somebody's reading is paused
        self._turn: asyncio.Handle | None = None  # when the client's bytes are gone on with
        # On the loop's clock, 0.0 for "not now"; silences begin when `check_timeouts` sees them.
        self._content_began = self._silent_since = self._stuck_since = self._ended_at = 0.0

    # The story.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here: find it a next hop."""
        client = cast("asyncio.Transport", transport)
        connections, session = self._connections, self._session
        self._address, admission = connections.admission.admit(client, self._address)
        if admission.refusal is not None:
            self._ended_at = self._loop.time()
            connections.admission.reject(client, admission.refusal)
            return
        self.name = connections.entered(self)
        self._client.transport = client
        session.trusts_client = admission.is_trusted
        session.asks_recipients = self._inspector.asks_recipients
        # We have a certificate, and the client has no TLS yet.
        has_tls = client.get_extra_info("ssl_object") is not None
        session.offers_starttls = connections.tls is not None and not has_tls
        self._connect_to_next_hop()

    def _connect_to_next_hop(self) -> None:
        if self._failover.is_last:
            self._session.close(own_replies.NO_HOP)
        else:
            self._failover.connect_to_next(self)

    def next_hop_not_reached(self) -> None:
        """That one is not to be had: try another."""
        if not self._session.is_over:
            self._connect_to_next_hop()
        self._carry_on()
        self._finish_if_done()

    def connecting_ended(self, error: BaseException | None) -> None:
        """A next hop was reached, unless there is an ``error``: then something of ours failed."""
        if error is None:
            self._carry_on()
        elif not self._ended_at:
            self._break_off(error)
        self._finish_if_done()

    def _begin_tls(self) -> None:
        """Our 220 to STARTTLS goes out; what follows it is the handshake."""
        transport, self._client.transport = self._client.transport, None
        if transport is not None:
            client_starttls.send_ready(transport, self._session.to_client)
        self._start(self._start_tls(transport))

    async def _start_tls(self, transport: asyncio.Transport | None) -> None:
        this = cast("asyncio.Protocol", self)
        secured = transport and await client_starttls.secure(transport, self._connections.tls, this)
        if not secured:
            self._session.close(b"")
            return
        transport, early = secured
        self._client.start_over(transport)
        self._session.tls_started()
        if early:
            self.data_received(early)

    def _at_recipient(self) -> None:
        """A recipient is named, and the policy may refuse some."""
        session = self._session
        decision = self._inspector.refusal(session.transaction, session.recipient_line)
        if decision is None:
            session.accept_recipient()
        else:
            self._start(self._refuse(decision))

    async def _refuse(self, decision: Decision) -> None:
        """Refused: its event first, then the reply."""
        self._matched, reply = await self._inspector.refuse(
            self._session.transaction, self._address, self._matched, decision
        )
        self._session.reject_recipient(reply)

    def _at_envelope(self) -> None:
        """DATA was answered 354: who gets this message?"""
        self._content_began = self._loop.time()
        transaction = self._session.transaction
        if transaction.recipient_count > AT_ONCE:
            self._start(self._inspect_many())
            return
        self._matched = self._inspector.inspect(transaction, self._address, self._matched)
        self._session.start_content(is_matched=self._matched is not None)

    async def _inspect_many(self) -> None:
        session = self._session
        self._matched = await self._inspector.inspect_many(
            session.transaction, self._address, self._matched
        )
        if session.moment is AT_ENVELOPE:
            session.start_content(is_matched=self._matched is not None)

    async def _at_content_end(self) -> None:
        """A matched message is here to its end: its event first, then the final dot."""
        assert self._matched is not None
        session = self._session
        capture = session.message.header if session.message else None
        header, is_cut = (capture.block, capture.is_cut) if capture else (None, False)
        if await self._inspector.observe(self._matched, header, is_cut=is_cut):
            session.release_dot()
        else:
            session.defer_message()
            self._connections.count(session.outcomes, self._content_began)

    async def _at_reply(self) -> None:
        """The next hop answered the dot, or never will: settle, then the client gets it."""
        assert self._matched is not None
        message = self._session.message
        assert message is not None
        await self._inspector.settle(self._matched, message.reply, message.outcome)
        self._connections.count([message.outcome], self._content_began)
        self._matched = None
        self._session.send_final_reply()

    # Bytes in.

    def get_buffer(self, size: int) -> memoryview:
        """Where the client's next bytes go."""
        del size
        return self._read_buffer.view

    def buffer_updated(self, size: int) -> None:
        """So many bytes have come from the client."""
        self.data_received(self._read_buffer.received(size))

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; after the end they are only read so that it can read ours."""
        if not self._ended_at:
            self._silent_since = 0.0
            self._session.receive_from_client(data)
            self._carry_on()

    def next_hop_connected(self, hop: NextHop) -> bool:
        """A next hop is connected and may speak at once; whether it is still wanted."""
        if self._ended_at:
            return False
        self._hop = hop
        self._stuck_since = 0.0
        self._session.next_hop_connected(is_last=self._failover.is_last)
        return True

    def next_hop_said(self, data: bytes) -> None:
        """Bytes from the next hop."""
        self._stuck_since = 0.0
        self._session.receive_from_next_hop(data)
        self._carry_on()

    def eof_received(self) -> bool:
        """The client will say no more; whether it may still be written to."""
        self._client.has_ended = True
        if self._ended_at:
            return False
        self._session.client_closed()
        self._carry_on()
        return not self._ended_at and tls.can_half_close(self._client.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client's connection is gone."""
        del exc
        self._client.transport, self._client.is_writing_paused = None, False
        if not self._ended_at:
            # Nobody is left to be waited for: what the next hop says is heard.
            self._apply_backpressure()
            self._session.client_closed()
            self._carry_on()
        self._finish_if_done()

    def next_hop_lost(self) -> None:
        """The next hop closed, or its connection broke."""
        self._hop = None
        if not self._session.is_over:
            if not self._session.next_hop_may_close:
                self._failover.failed("next hop lost", session=self.name, step=self._session.step)
            self._session.next_hop_closed()
        self._carry_on()

    def drain(self) -> None:
        """The process is to end: leave as soon as no transaction is under way."""
        if self._session.moment is AT_STARTTLS and self._task is not None:
            # No message stands before a handshake: it has as long as a last reply.
            self._loop.call_later(timeouts.LINGER_SECONDS, self._task.cancel)
        self._session.drain()
        self._carry_on()

    # Bytes out, and the moments.

    def _carry_on(self) -> None:
        """Do all that the session now asks for."""
        session = self._session
        if session.outcomes:
            self._connections.count(session.outcomes, self._content_began)
        if session.moment is not None or self._matched is not None:
            self._answer_moments()
        if session.to_next_hop:
            if self._hop is not None:
                self._hop.write(session.to_next_hop)
            session.to_next_hop.clear()
        if session.to_client:
            self._client.write(session.to_client)
        if session.drop_next_hop:
            self._drop_next_hop()
        if self._hop is None and session.needs_next_hop and not self._failover.is_connecting:
            self._connect_to_next_hop()
        if session.is_over:
            self._close()
        elif self._is_held_back or session.has_backlog:
            self._apply_backpressure()

    def _answer_moments(self) -> None:
        session, matched = self._session, self._matched
        if matched is not None and (
            session.is_over or matched.transaction != session.transaction.number
        ):
            self._close_matched()
        asked = 0
        while session.moment is AT_RECIPIENT and self._task is None:
            self._at_recipient()
            asked += 1
            if asked == AT_ONCE and self._task is None:
                # A client may name a thousand in one go: others get their turn meanwhile.
                self._start(asyncio.sleep(0))
        if session.moment is AT_ENVELOPE and self._task is None:
            self._at_envelope()
        if self._task is None:
            if session.moment is AT_CONTENT_ENDED:
                self._start(self._at_content_end())
            elif session.moment is AT_REPLIED:
                self._start(self._at_reply())
            elif session.moment is AT_STARTTLS and not session.is_over:
                self._begin_tls()

    def _close_matched(self) -> None:
        """A transaction ended without a final reply; one that had one is settled and forgotten."""
        matched, self._matched = self._matched, None
        if matched is not None and matched.records:
            at_dot = self._session.moment is AT_CONTENT_ENDED
            self._inspector.close(matched, Outcome.FAILED if at_dot else Outcome.UNKNOWN)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        """One piece of waiting work at a time, kept, and followed by what it made possible."""
        self._task = self._loop.create_task(work)
        self._task.add_done_callback(self._work_ended)

    def _work_ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            self._abort()
        elif (error := task.exception()) is not None:
            self._break_off(error)
        else:
            self._carry_on()
        self._finish_if_done()

    def _break_off(self, error: BaseException) -> None:
        """A bug: the client is told nothing that isn't so, and tries again."""
        self._abort()
        log.error("session broke off", session=self.name, exc_info=redacted(error))

    # Backpressure.

    def pause_writing(self, *, is_full: bool = True) -> None:
        """The client reads more slowly than the next hop talks."""
        self._client.is_writing_paused = is_full
        self._apply_backpressure()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.pause_writing(is_full=False)

    def next_hop_buffer_changed(self) -> None:
        """The next hop has fallen behind in reading, or caught up."""
        self._stuck_since = 0.0
        self._apply_backpressure()

    def _apply_backpressure(self) -> None:
        """Read from a side only while there is room for what it says."""
        session, hop, client_is_full = self._session, self._hop, self._client.is_writing_paused
        session.measure_backlog()
        hop_is_full = hop is not None and hop.is_writing_paused
        pauses_client = hop_is_full or client_is_full or not session.may_read_client
        pauses_hop = client_is_full or not session.may_read_next_hop
        self._is_held_back = pauses_client or pauses_hop
        if self._turn is None and (session.awaits_turn or session.ends_in_bare_lf):
            self._plan_turn()
        self._client.set_reading(is_paused=pauses_client)
        if hop is not None:
            hop.set_reading(is_paused=pauses_hop)

    def _plan_turn(self) -> None:
        """Come back to what the client has said: after the others, or when it says no more."""
        if self._session.awaits_turn:
            self._turn = self._loop.call_soon(self._take_turn)
        else:
            self._turn = self._loop.call_later(timeouts.BARE_LF_SECONDS, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        if not self._ended_at:
            self._session.take_turn()
            self._carry_on()

    # Waiting. No wait has a timer of its own, which every packet would pay for: whoever speaks
    # only resets a number, and a sweep over all connections once a second looks at it.

    def check_timeouts(self, now: float) -> None:
        """Asked every second or so: has someone been silent for too long?"""
        if self._ended_at:
            self._client.check_lingering(now - self._ended_at)
        elif self._failover.is_connecting:
            self._failover.check_timeout(now)
        elif self._task is not None:
            pass  # our own waits have their own ends
        elif self._awaits_next_hop():
            self._silent_since = 0.0  # the client waits, and may
            self._stuck_since = self._stuck_since or now
            self._check_next_hop(now)
        else:
            self._stuck_since = 0.0
            self._silent_since = self._silent_since or now
            if now - self._silent_since > timeouts.CLIENT_SECONDS:
                self._session.close(own_replies.TIMED_OUT)
                self._carry_on()

    def _awaits_next_hop(self) -> bool:
        """Whether it is the next hop's turn: a reply is to come, or it must read on."""
        session, hop = self._session, self._hop
        if hop is not None and hop.is_writing_paused:
            return True
        return bool(session.pending) and not session.is_in_content

    def _check_next_hop(self, now: float) -> None:
        """Give up a next hop that has been silent for too long."""
        session = self._session
        is_dot = awaits_dot_reply(session.pending)
        limit = timeouts.FINAL_REPLY_SECONDS if is_dot else timeouts.NEXT_HOP_SECONDS
        if now - self._stuck_since > limit:
            self._failover.failed(
                "next hop silent", session=self.name, step=session.step, seconds=limit
            )
            session.next_hop_closed()
            self._carry_on()

    # Closing.

    def _drop_next_hop(self) -> None:
        session = self._session
        session.drop_next_hop = False
        if session.speaks_lmtp:
            session.speaks_lmtp = False
            self._failover.failed(
                "next hop speaks LMTP: mail waits until relay.next_hop names an SMTP server",
                session=self.name,
            )
        hop, self._hop = self._hop, None
        if hop is not None:
            hop.close()

    def _close(self) -> None:
        """End both connections; the client's lingers until it has read our last reply."""
        if self._ended_at:
            return
        self._ended_at = self._loop.time()
        self._failover.abandon()  # a next hop that was still sought is wanted no more
        self._close_matched()
        self._client.close_lingering()
        self._finish_if_done()

    def _abort(self) -> None:
        """End both connections as they are."""
        self._ended_at = self._ended_at or self._loop.time()
        self._close_matched()
        hop, self._hop = self._hop, None
        if hop is not None:
            hop.abort()
        self._client.abort()

    def abort(self) -> None:
        """The process ends now; a dot that is not out stays here, and the client tries again."""
        self._failover.abandon()
        if self._task is not None:
            self._task.cancel()
        self._abort()
        # Where the client has gone already, nothing else is to come that would tell the end.
        self._finish_if_done()

    def _finish_if_done(self) -> None:
        is_waiting = self._task is not None or self._failover.is_connecting
        if self._client.transport is None and self._ended_at and not is_waiting:
            self._connections.left(self)
