"""One client session, told in order.

A client connects (:meth:`Relay.connection_made`) and is given the first next hop that answers.
From then on bytes go to and fro through :class:`gateway.smtp.session.Session`, and three times
it stops and asks: at the envelope, at the content's end, at the final reply. The answers are
:meth:`Relay._at_envelope`, :meth:`Relay._at_content_end` and :meth:`Relay._at_reply`; all the
rest of this file is plumbing: writing out, holding back, and closing. How long it waits for
either side stands in :mod:`gateway.relay.patience`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog

from gateway.log import without_words
from gateway.model import Outcome
from gateway.relay import starttls, timeouts, tls
from gateway.relay.patience import Patience
from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import (
    AT_CONTENT_ENDED,
    AT_ENVELOPE,
    AT_RECIPIENT,
    AT_REPLIED,
    AT_STARTTLS,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

    from gateway.inspection.matched_message import Case
    from gateway.model import Decision
    from gateway.relay.next_hop import Hop
    from gateway.relay.server import Listener

log = structlog.get_logger("relay")


class Relay(Patience):
    """A client, its next hop, and the dialogue between them. As a protocol: the client's side."""

    __slots__ = (
        "_began_content",
        "_case",
        "_is_regulated",
        "_loop",
        "_peer",
        "_watch",
    )

    def __init__(self, listener: Listener, client: str | None = None) -> None:
        """``client`` is its address by a balancer's word; ``None``: the connection's own."""
        super().__init__(listener)
        self._loop = listener.loop
        self._watch = listener.watch
        self._peer = client
        self._case: Case | None = None
        self._is_regulated = False  # somebody's reading is held up
        self._began_content = 0.0  # on the loop's clock

    # The story.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here: find it a next hop."""
        client = self._client = cast("asyncio.Transport", transport)
        self._peer, admission = self._listener.admit(self, client, self._peer)
        if admission.refusal is not None:
            self._client, self._ended_at = None, self._loop.time()
            self._listener.turn_away(client, admission.refusal)
            return
        self._session.trusts_client = admission.is_trusted
        self._session.asks_recipients = self._watch.asks_recipients
        self._session.offers_starttls = self._listener.offers_starttls(client)
        self._seek_next_hop()

    def _seek_next_hop(self) -> None:
        if self._reach.is_last:
            self._session.close(own_replies.NO_HOP)
        else:
            self._reach.go_on(self)

    def hop_not_reached(self) -> None:
        """That one is not to be had: try another."""
        if not self._session.is_over:
            self._seek_next_hop()
        self._go_on()
        self._finish_if_done()

    def reach_ended(self, error: BaseException | None) -> None:
        """A next hop was reached, unless there is an ``error``: then something of ours failed."""
        if error is None:
            self._go_on()
        elif not self._ended_at:
            self._break_off(error)
        self._finish_if_done()

    def _begin_tls(self) -> None:
        """Our 220 to STARTTLS goes out; what follows it is the handshake."""
        client, self._client = self._client, None
        if client is not None:
            starttls.say_ready(client, self._session.to_client)
        self._do(self._start_tls(client))

    async def _start_tls(self, client: asyncio.Transport | None) -> None:
        this = cast("asyncio.Protocol", self)
        secured = client and await starttls.secure(client, self._listener.tls, this)
        if not secured:
            self._session.close(b"")
            return
        self._client, early = secured
        self._client_is_full = self._client_is_paused = False
        self._session.tls_started()
        if early:
            self.data_received(early)

    def _at_recipient(self) -> None:
        """A recipient is named, and the policy may refuse some."""
        decision = self._watch.refusal(self._session)
        if decision is None:
            self._session.accept_recipient()
        else:
            self._do(self._refuse(decision))

    async def _refuse(self, decision: Decision) -> None:
        """Refused: its event first, then the reply."""
        self._case, reply = await self._watch.refuse(
            self._session, self._peer, self._case, decision
        )
        self._session.reject_recipient(reply)

    def _at_envelope(self) -> None:
        """DATA was answered 354: who gets this message?"""
        self._began_content = self._loop.time()
        self._case = self._watch.inspect(self._session, self._peer, self._case)
        self._session.start_content(is_matched=self._case is not None)

    async def _at_content_end(self) -> None:
        """A matched message is here to its end: its event first, then the final dot."""
        assert self._case is not None
        if await self._watch.observe(self._case, self._session.message):
            self._session.release_dot()
        else:
            self._session.defer_message()
            self._listener.count(self._session.outcomes, self._began_content)

    async def _at_reply(self) -> None:
        """The next hop answered the dot, or never will: settle, then the client gets it."""
        assert self._case is not None
        message = self._session.message
        assert message is not None
        await self._watch.settle(self._case, message)
        self._listener.count([message.outcome], self._began_content)
        self._case = None
        self._session.send_final_reply()

    # Bytes in.

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; after the end they are only read so that it can read ours."""
        if not self._ended_at:
            self._silent_since = 0.0
            self._session.receive_from_client(data)
            self._go_on()

    def hop_reached(self, hop: Hop) -> bool:
        """A next hop is connected and may speak at once; whether it is still wanted."""
        if self._ended_at:
            return False
        self._hop = hop
        self._stuck_since = 0.0
        self._session.next_hop_connected(is_last=self._reach.is_last)
        return True

    def hop_said(self, data: bytes) -> None:
        """Bytes from the next hop."""
        self._stuck_since = 0.0
        self._session.receive_from_next_hop(data)
        self._go_on()

    def eof_received(self) -> bool:
        """The client will say no more; whether it may still be written to."""
        self._client_ended = True
        if self._ended_at:
            return False
        self._session.client_closed()
        self._go_on()
        return not self._ended_at and tls.can_half_close(self._client)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client's connection is gone."""
        del exc
        self._client, self._client_is_full = None, False
        if not self._ended_at:
            # Nobody is left to be waited for: what the next hop says is heard.
            self._regulate()
            self._session.client_closed()
            self._go_on()
        self._finish_if_done()

    def hop_lost(self) -> None:
        """The next hop closed, or its connection broke."""
        self._hop = None
        if not self._session.is_over:
            if not self._session.next_hop_may_close:
                self._tell_of_hop("next hop lost")
            self._session.next_hop_closed()
        self._go_on()

    def drain(self) -> None:
        """The process is to end: leave as soon as no transaction is under way."""
        if self._session.moment is AT_STARTTLS and self._task is not None:
            # No message stands before a handshake: it has as long as somebody's last words.
            self._loop.call_later(timeouts.LINGER_SECONDS, self._task.cancel)
        self._session.drain()
        self._go_on()

    # Bytes out, and the moments.

    def _go_on(self) -> None:
        """Do all that the session now asks for."""
        session = self._session
        if session.outcomes:
            self._listener.count(session.outcomes, self._began_content)
        if session.moment is not None or self._case is not None:
            self._answer_moments()
        if session.to_next_hop:
            if self._hop is not None:
                self._hop.write(session.to_next_hop)
            session.to_next_hop.clear()
        if session.to_client:
            self._write_to_client(session.to_client)
        if session.drop_next_hop:
            self._let_go_of_hop()
        if self._hop is None and session.needs_next_hop and not self._reach.is_under_way:
            self._seek_next_hop()
        if session.is_over:
            self._close()
        elif self._is_regulated or session.has_backlog:
            self._regulate()

    def _answer_moments(self) -> None:
        session, case = self._session, self._case
        if case is not None and (session.is_over or case.transaction != session.transaction.number):
            self._close_case()
        while session.moment is AT_RECIPIENT and self._task is None:
            self._at_recipient()
        if session.moment is AT_ENVELOPE:
            self._at_envelope()
        if self._task is None:
            if session.moment is AT_CONTENT_ENDED:
                self._do(self._at_content_end())
            elif session.moment is AT_REPLIED:
                self._do(self._at_reply())
            elif session.moment is AT_STARTTLS and not session.is_over:
                self._begin_tls()

    def _close_case(self) -> None:
        """A transaction ended without a final reply; one that had one is settled and forgotten."""
        case, self._case = self._case, None
        if case is not None and case.records:
            at_dot = self._session.moment is AT_CONTENT_ENDED
            self._watch.close(case, Outcome.FAILED if at_dot else Outcome.UNKNOWN)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        """One piece of waiting work at a time, kept, and followed by what it made possible."""
        self._task = self._loop.create_task(work)
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            self._abort()
        elif (error := task.exception()) is not None:
            self._break_off(error)
        else:
            self._go_on()
        self._finish_if_done()

    def _break_off(self, error: BaseException) -> None:
        """A bug: the client is told nothing that isn't so, and tries again."""
        self._abort()
        session = self._listener.name_of(self)
        log.error("session broke off", session=session, exc_info=without_words(error))

    # Backpressure.

    def pause_writing(self, *, is_full: bool = True) -> None:
        """The client reads more slowly than the next hop talks."""
        self._client_is_full = is_full
        self._regulate()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.pause_writing(is_full=False)

    def hop_moved(self) -> None:
        """The next hop has fallen behind in reading, or caught up."""
        self._stuck_since = 0.0
        self._regulate()

    def _regulate(self) -> None:
        """Read from a side only while there is room for what it says."""
        session, hop = self._session, self._hop
        session.measure_backlog()
        hop_is_full = hop is not None and hop.is_full
        full = hop_is_full or self._client_is_full or not session.may_read_client
        held = self._client_is_full or not session.may_read_next_hop
        self._is_regulated = full or held
        self._hold_client(is_held=full)
        if hop is not None:
            hop.hold(is_held=held)

    # Closing.

    def _let_go_of_hop(self) -> None:
        self._session.drop_next_hop = False
        hop, self._hop = self._hop, None
        if hop is not None:
            hop.let_go()

    def _close(self) -> None:
        """End the dialogue's connections; the client's lingers until it has read our last words."""
        if self._ended_at:
            return
        self._ended_at = self._loop.time()
        self._reach.abandon()  # a next hop that was still sought is wanted no more
        self._close_case()
        self._take_leave_of_client()
        self._finish_if_done()

    def _abort(self) -> None:
        """End both connections as they are."""
        self._ended_at = self._ended_at or self._loop.time()
        self._close_case()
        hop, self._hop = self._hop, None
        if hop is not None:
            hop.abort()
        if self._client is not None:
            self._client.abort()

    def abandon(self) -> None:
        """The process ends now; a dot that is not out stays here, and the client tries again."""
        self._reach.abandon()
        if self._task is not None:
            self._task.cancel()
        self._abort()
        # Where the client has gone already, nothing else is to come that would tell the end.
        self._finish_if_done()

    def _finish_if_done(self) -> None:
        is_waiting = self._task is not None or self._reach.is_under_way
        if self._client is None and self._ended_at and not is_waiting:
            self._listener.finished(self)
