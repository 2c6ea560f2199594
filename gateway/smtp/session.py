"""One SMTP dialogue between a client and its next hop, as bytes in and bytes out.

The theory. What the client says goes on to the next hop, what the next hop says goes back, both
byte for byte. Between the two stands a queue, ``awaited``: one entry for every command whose
reply is still to come, in the order of the commands. Replies of our own wait in the same queue,
so that a pipelining client gets every reply in its place (RFC 2920 section 3.1).

The client's side is in one :class:`Phase`. At some moments the session stops and asks; until it
is answered, the side concerned stands still and its bytes are held:

========================  ===========================================  =========================
``moment``                what has happened                            the answer
========================  ===========================================  =========================
``Moment.STARTTLS``       our 220 to STARTTLS is to be written out     ``tls_started()``
``Moment.RECIPIENT``      a RCPT is here, all before it is answered    ``admit()`` · ``refuse()``
``Moment.ENVELOPE``       DATA was answered 354, or a first BDAT came  ``begin(watch=…)``
``Moment.CONTENT_ENDED``  a watched message's final dot is here        ``release()`` · ``defer()``
``Moment.REPLIED``        its final reply is here, or will not come    ``answer()``
========================  ===========================================  =========================

It stops at the first two only if it ``offers_tls`` and ``asks_recipients``, and at the last two
only for a watched message. Nothing here opens, reads or waits for anything: whoever owns the
sockets feeds :meth:`Session.from_client` and :meth:`Session.from_next_hop`, writes out
``to_client`` and ``to_next_hop``, and closes when ``is_over`` and ``drop_next_hop`` say so.
"""

from __future__ import annotations

from gateway.smtp import bdat, own_replies
from gateway.smtp.bdat import ChunkedMessage
from gateway.smtp.commands import is_single
from gateway.smtp.dialogue_states import (
    AT_CONTENT_ENDED,
    AT_ENVELOPE,
    AT_RECIPIENT,
    AT_REPLIED,
    AT_STARTTLS,
    BDAT_ASKED,
    COMMANDS,
    CONTENT,
    DATA_ASKED,
    DOOMED,
    DOT,
    FOR_CHUNK,
    FOR_DATA,
    FOR_EHLO,
    FOR_HELO,
    FOR_OTHER,
    FOR_OUR_STARTTLS,
    FOR_OUR_XFORWARD,
    FOR_OURS,
    FOR_RCPT,
    FOR_STARTTLS,
    FOR_XFORWARD,
    OUR_ANSWERS,
    OVER,
    RCPT_ASKED,
    TLS_ASKED,
    Await,
    Phase,
    clean_meaning,
    meaning,
)
from gateway.smtp.exchange import AWAITED_LIMIT
from gateway.smtp.hop_side import HopSide
from gateway.smtp.line_buffer import Inbox
from gateway.smtp.pending_replies import give_ours
from gateway.smtp.readings import readings


class Session(HopSide):
    """The dialogue of one client with one next hop."""

    __slots__ = ("asks_recipients",)

    def __init__(self, *, trusts_client: bool = False, refuse_lookalikes: bool = True) -> None:
        super().__init__(trusts_client=trusts_client, refuse_lookalikes=refuse_lookalikes)
        self.asks_recipients = False
        """Whether each recipient is asked about before the next hop hears of it."""

    # What the client says.

    def from_client(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._phase is COMMANDS and self._inbox.is_idle and is_single(data):
            # A client that waits for each reply says one line a packet.
            self._take_command(data, clean_meaning(data))
            if self._draining:
                self._leave_if_idle()
            return
        message = self.message
        if self._phase is CONTENT and message is not None and not self._inbox.size:
            # Content flows straight through: nothing of it is held here.
            self._take_content(message, data)
            if self._phase is CONTENT:
                return
        else:
            self._inbox.feed(data)
        self._advance()
        self.measure()

    def client_left(self) -> None:
        """The client will say nothing more; it may still listen (RFC 9293 section 3.6)."""
        self._client_left = True
        self._advance()

    def drain(self) -> None:
        """End the dialogue at the next place where no transaction is under way."""
        self._draining = True
        self._advance()

    def _advance(self) -> None:
        """Take what is held as far as the phase allows."""
        if self.awaited or self._asked or self._phase is DOT:
            self._give_ours()
        while self._inbox.size:
            phase, message = self._phase, self.message
            if phase is COMMANDS:
                line = self._inbox.next_line()
                if line is None:
                    break
                self._take_command(line, meaning(line))
            elif phase is CONTENT and message is not None:
                self._take_content(message, self._inbox.take())
            elif phase is DOOMED and not self.awaited and self.moment is None:
                self.part(own_replies.FOLLOWS_FAILURE)
            elif phase is OVER:
                self._inbox.take()
            else:
                break
        if self._client_left or self._draining:
            self._leave_if_idle()

    def _take_command(self, line: bytes, meant: Await) -> None:
        if self._framer.size and self.moment is None and not self.awaited:
            # A reply has begun that nothing asked for: it must not become this command's.
            self.part(own_replies.HOP_GONE)
            return
        if meant is FOR_CHUNK:
            self._take_chunk(line)
        elif meant is FOR_RCPT and self.asks_recipients:
            self._hold(RCPT_ASKED, line)
        else:
            if meant >= FOR_XFORWARD:
                meant, line = self._meaning_of_ours(meant, line)
            if meant < FOR_OURS:
                if meant is FOR_EHLO or meant is FOR_HELO:
                    # What was offered before holds no longer: after HELO a BDAT is no command.
                    self._hop_offers = frozenset()
                self._pass_on(meant, line)
                if meant is FOR_DATA:
                    self._phase = DATA_ASKED
            else:
                self._answer(meant, OUR_ANSWERS.get(meant, line))

    def _answer(self, meant: Await, reply: bytes) -> None:
        """Answer by ourselves, in turn."""
        self.awaited.append((meant, reply))
        if len(self.awaited) >= AWAITED_LIMIT:
            self.is_crowded = True
        self._give_ours()

    def _give_ours(self) -> None:
        """Do what only waited for earlier replies: answers of our own, and questions."""
        if self.moment is AT_REPLIED:
            return
        if self.awaited and give_ours(self.awaited, self.to_client, self.transaction):
            self._meet_starttls()
        elif self.awaited or self.moment is not None:
            return
        elif self._phase is DOT:
            self.moment = AT_CONTENT_ENDED
        elif self._asked and not self._hop_left:
            is_recipient = self._phase is RCPT_ASKED
            self.moment = AT_RECIPIENT if is_recipient else AT_ENVELOPE

    def _hold(self, phase: Phase, line: bytes) -> None:
        """Hold a command until all before it is answered, then ask about it."""
        self._asked, self._phase = line, phase
        self._give_ours()

    def _pass_on(self, meant: Await, line: bytes) -> None:
        if meant is not FOR_OTHER:
            # Another sender or recipient may come of it: the next chunk is asked about anew.
            self._may_continue = False
        self.awaited.append((meant, line))
        if len(self.awaited) >= AWAITED_LIMIT:
            self.is_crowded = True
        self.to_next_hop.append(line)

    @property
    def asked_paths(self) -> tuple[bytes, ...]:
        """At ``Moment.RECIPIENT``: the recipient's path, without its brackets, in every reading."""
        return readings(self._asked)

    def admit(self) -> None:
        """Answer ``Moment.RECIPIENT``: the next hop may hear of it."""
        self._expect(AT_RECIPIENT)
        if self._ends_by_unasked():
            return
        self._phase = COMMANDS
        self._pass_on(FOR_RCPT, self._asked)
        self._asked = b""
        self._go_on()

    def refuse(self, reply: bytes) -> None:
        """Answer ``Moment.RECIPIENT``: the client gets this reply, the next hop nothing."""
        self._expect(AT_RECIPIENT)
        self._phase = COMMANDS
        self._asked = b""
        self.to_client.append(reply)
        self._go_on()

    def tls_started(self) -> None:
        """Answer ``Moment.STARTTLS``: what was said before it is forgotten (RFC 3207, 4.2)."""
        self._expect(AT_STARTTLS)
        self.offers_tls = False
        self._inbox = Inbox()
        self._phase = COMMANDS
        self._close_transaction()
        self._go_on()

    def _meaning_of_ours(self, meant: Await, line: bytes) -> tuple[Await, bytes]:
        """What we may have to answer ourselves, and the line or the reply."""
        if meant is FOR_STARTTLS and self.offers_tls:
            self._phase = TLS_ASKED
            return FOR_OUR_STARTTLS, own_replies.TLS_READY
        if meant is not FOR_XFORWARD:
            return meant, line
        if not self.trusts_client:
            return FOR_OURS, own_replies.NOT_TRUSTED
        return FOR_XFORWARD if b"XFORWARD" in self._hop_offers else FOR_OUR_XFORWARD, line

    def _take_chunk(self, line: bytes) -> None:
        chunk = bdat.announced(line)
        if chunk is None or b"CHUNKING" not in self._hop_offers:
            self._answer(FOR_OURS, own_replies.NOT_OFFERED)
            # The octets follow unasked: left standing, they would be commands.
            if chunk is None or chunk.octets > bdat.UNOFFERED_LIMIT:
                self._phase = DOOMED
            else:
                self._inbox.skip(chunk.octets)
        elif isinstance(self.message, ChunkedMessage) and self._may_continue:
            self._begin_chunk(self.message, chunk, line)
        else:
            self._hold(BDAT_ASKED, line)

    def _go_on(self) -> None:
        """After an answer: both sides have been held."""
        self._advance()
        self._take_replies()
        if self._hop_closed and self.moment is None:
            self._hop_closed = False
            self.next_hop_left()
