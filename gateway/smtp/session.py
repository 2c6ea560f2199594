"""One SMTP dialogue between a client and its next hop, as bytes in and bytes out.

The theory. What the client says goes on to the next hop, what the next hop says goes back, both
byte for byte. Between the two stands a queue, ``pending``: one entry for every command whose
reply is still to come, in the order of the commands. Replies of our own wait in the same queue,
so that a pipelining client gets every reply in its place (RFC 2920 section 3.1).

The client's side is in one :class:`Phase`. At some moments the session stops and asks; until it
is answered, the side concerned stands still and its bytes are held:

========================  ===========================================  ============================
``moment``                what has happened                            the answer
========================  ===========================================  ============================
``Moment.STARTTLS``       our 220 to STARTTLS is to be written out     ``tls_started()``
``Moment.RECIPIENT``      a RCPT is here, all before it is answered    ``accept_recipient()`` or
                                                                       ``reject_recipient(reply)``
``Moment.ENVELOPE``       DATA was answered 354, or a first BDAT came  ``start_content(is_matched)``
``Moment.CONTENT_ENDED``  a matched message's final dot is here        ``release_dot()`` or
                                                                       ``defer_message()``
``Moment.REPLIED``        its final reply is here, or will not come    ``send_final_reply()``
========================  ===========================================  ============================

It stops at the first two only if it ``offers_starttls`` and ``asks_recipients``, and at the last
two only for a matched message. Nothing here opens, reads or waits for anything: whoever owns the
sockets feeds :meth:`Session.receive_from_client` and :meth:`Session.receive_from_next_hop`, writes
out ``to_client`` and ``to_next_hop``, and closes when ``is_over`` and ``drop_next_hop`` say so.

The whole dialogue is one class in one file, like the table it is: its parts as objects cost more
than they tell (decision 19).
"""

from __future__ import annotations

from collections import deque

from gateway.errors import LocalProtocolError, RemoteProtocolError
from gateway.model import Outcome
from gateway.smtp import bdat, ehlo_keywords, own_replies
from gateway.smtp.commands import is_single
from gateway.smtp.content import SCAN_END, SCAN_LOOKALIKE
from gateway.smtp.dialogue_states import (
    AT_CONTENT_ENDED,
    AT_ENVELOPE,
    AT_RECIPIENT,
    AT_REPLIED,
    AT_STARTTLS,
    BDAT_ASKED,
    CLOSED,
    COMMANDS,
    CONTENT,
    DATA_ASKED,
    DOT,
    FAILED,
    FOR_BANNER,
    FOR_CHUNK,
    FOR_DATA,
    FOR_DOT,
    FOR_EHLO,
    FOR_HELO,
    FOR_MAIL,
    FOR_OUR_STARTTLS,
    FOR_OUR_XFORWARD,
    FOR_OURS,
    FOR_PART,
    FOR_PROBE,
    FOR_QUIT,
    FOR_RCPT,
    FOR_RSET,
    FOR_STARTTLS,
    FOR_XFORWARD,
    GREETING,
    HELD_LIMIT,
    HOP_HELD_LIMIT,
    IN_FLIGHT_LIMIT,
    OUTCOMES,
    OWN_REPLIES,
    PENDING_LIMIT,
    RCPT_ASKED,
    TLS_ASKED,
    TURN_LIMIT,
    UNKNOWN_COMMAND,
    Moment,
    Phase,
    ReplyFor,
    classify_clean_command,
    classify_command,
)
from gateway.smtp.line_buffer import LineBuffer
from gateway.smtp.message import ChunkedMessage, Message
from gateway.smtp.pending_replies import next_hop_owes_nothing, send_own_replies, step_of
from gateway.smtp.replies import ReplyFramer, is_lmtp_banner, single_line_code
from gateway.smtp.transaction import Transaction


class Session:
    """The dialogue of one client with one next hop."""

    __slots__ = (
        *("_client_has_closed", "_client_lines", "_held_command", "_hop_close_waits"),
        *("_hop_is_gone", "_hop_offers", "_hop_replies", "_is_draining", "_is_last_hop"),
        *("_max_recipients", "_phase", "_refuse_lookalikes", "_reply_354", "_room", "_spoilt"),
        *("asks_recipients", "awaits_turn", "drop_next_hop", "has_backlog", "is_over"),
        *("message", "moment", "offers_starttls", "outcomes", "pending", "speaks_lmtp"),
        *("to_client", "to_next_hop", "transaction", "trusts_client"),
    )

    def __init__(
        self,
        *,
        trusts_client: bool = False,
        refuse_lookalikes: bool = True,
        max_recipients: int = 5000,
    ) -> None:
        self.to_client: list[bytes] = []
        self.to_next_hop: list[bytes] = []
        self.moment: Moment | None = None
        self.is_over = False
        """Nothing more will be said: write out what is left, then close the client."""
        self.drop_next_hop = False
        """Close the next hop now, without another byte."""
        self.has_backlog = False
        """Whether one of the sides may have said more than there is room for: ask which."""
        self.trusts_client = trusts_client
        """Whether the client may use XFORWARD."""
        self.offers_starttls = False
        """Whether the client may use STARTTLS, which its owner then carries out."""
        self.asks_recipients = False
        """Whether each recipient is asked about before the next hop hears of it."""
        self.awaits_turn = False
        """Whether commands are left over for :meth:`take_turn`, which somebody must call."""
        self.transaction = Transaction()
        self.message: Message | None = None
        """At ``Moment.CONTENT_ENDED`` its header, at ``Moment.REPLIED`` its reply and outcome."""
        self.speaks_lmtp = False
        """Whether the next hop turned out to be an LMTP server: somebody must be told."""
        self.outcomes: list[Outcome] = []
        """What became of unmatched messages since it was last emptied: for counting, no more."""
        self.pending: deque[tuple[ReplyFor, bytes]] = deque([(FOR_BANNER, b"")])
        """The replies still to come."""
        self._phase = GREETING
        self._refuse_lookalikes = refuse_lookalikes
        self._max_recipients = max_recipients  # others get 452 from us
        self._room = max_recipients  # RCPTs that may go on before the recipients are counted again
        self._client_lines = LineBuffer()
        self._held_command = b""  # a command that waits for its turn: a RCPT, or a BDAT
        self._client_has_closed = False
        self._is_draining = False
        self._hop_replies = ReplyFramer()
        self._hop_offers: frozenset[bytes] = frozenset()
        self._is_last_hop = True
        self._hop_close_waits = False  # it has closed, and what it said before is heard first
        self._hop_is_gone = False
        self._reply_354 = b""  # of the next hop's, held until the envelope is answered
        self._spoilt = -1  # the number of a transaction that takes no chunk any more

    def __repr__(self) -> str:
        standing = (self.moment, *(kind for kind, _ in self.pending))
        return (
            f"<Session {self._phase.name}{''.join(f' {each.name}' for each in standing if each)}>"
        )

    @property
    def may_read_client(self) -> bool:
        """Whether there is room for more of the client's bytes."""
        return self._client_lines.size < HELD_LIMIT and len(self.pending) < PENDING_LIMIT

    @property
    def may_read_next_hop(self) -> bool:
        """Whether there is room for more of the next hop's bytes."""
        return self._hop_replies.size < HOP_HELD_LIMIT

    def measure_backlog(self) -> None:
        """Find out whether it ``has_backlog``."""
        may_read = self.may_read_client and self.may_read_next_hop
        self.has_backlog = not may_read or self.awaits_turn or self._client_lines.ends_bare

    @property
    def is_in_content(self) -> bool:
        """Whether it is for the client to speak: content of its message is still to come."""
        return self._phase is CONTENT

    @property
    def step(self) -> str:
        """How far the dialogue has come, in words for a log."""
        return step_of(self._phase, self.moment, self.pending, self.transaction)

    @property
    def next_hop_may_close(self) -> bool:
        """Whether what it said to QUIT waits for its turn: then it closes as it should."""
        is_heard = self.moment is None or not self._hop_replies.size
        return not is_heard and any(kind is FOR_QUIT for kind, _ in self.pending)

    @property
    def needs_next_hop(self) -> bool:
        """Whether the greeting still waits for a next hop that gives one."""
        return self._phase is GREETING and self._hop_is_gone

    @property
    def recipient_line(self) -> bytes:
        """At ``Moment.RECIPIENT``: the RCPT as it came."""
        return self._held_command

    # What the client says.

    def receive_from_client(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._phase is COMMANDS and self._client_lines.is_idle and is_single(data):
            # A client that waits for each reply says one line a packet.
            self._handle_command(data, classify_clean_command(data))
            if self._is_draining:
                self._close_if_idle()
            return
        message = self.message
        if self._phase is CONTENT and message is not None and not self._client_lines.size:
            # Content flows straight through: nothing of it is held here.
            self._handle_content(message, data)
            if self._phase is CONTENT:
                return
        else:
            self._client_lines.feed(data)
        self._process_client_bytes()
        self.measure_backlog()

    @property
    def ends_in_bare_lf(self) -> bool:
        """Whether a command ends in a bare LF, if no more comes in a moment."""
        return self._client_lines.ends_bare and self._phase is COMMANDS

    def take_turn(self) -> None:
        """Go on after a pause, with what was left over or ends in a bare LF."""
        if self.ends_in_bare_lf and not self.awaits_turn:
            self._client_lines.drop_line()
            self._queue_own_reply(FOR_OURS, own_replies.LINE_UNCLEAN)
        self.awaits_turn = False
        self._process_client_bytes()
        self.measure_backlog()

    def client_closed(self) -> None:
        """The client will say nothing more; it may still listen (RFC 9293 section 3.6)."""
        if self.ends_in_bare_lf:
            self.take_turn()
        self._client_has_closed = True
        self._process_client_bytes()

    def drain(self) -> None:
        """End the dialogue at the next place where no transaction is under way."""
        self._is_draining = True
        self._process_client_bytes()

    def _process_client_bytes(self) -> None:
        """Take what is held as far as the phase allows."""
        if self.pending or self._held_command or self._phase is DOT:
            self._send_own_replies()
        left = TURN_LIMIT
        while self._client_lines.size and not self.awaits_turn:
            phase, message = self._phase, self.message
            if phase is COMMANDS:
                if not left or len(self.pending) >= IN_FLIGHT_LIMIT:
                    # Each packet holds many: the loop belongs to others too.
                    self.awaits_turn, self.has_backlog = not left, True
                    break
                line = self._client_lines.next_line()
                if line is None:
                    self.has_backlog = self.has_backlog or self._client_lines.ends_bare
                    break
                left -= 1
                self._handle_command(line, classify_command(line))
            elif phase is CONTENT and message is not None:
                self._handle_content(message, self._client_lines.take())
            elif phase is FAILED and not self.pending and self.moment is None:
                self.close(own_replies.FOLLOWS_FAILURE)
            elif phase is CLOSED:
                self._client_lines.take()
            else:
                break
        if self._client_has_closed or self._is_draining:
            self._close_if_idle()

    def _handle_command(self, line: bytes, meant: ReplyFor) -> None:
        if self._hop_replies.size and self.moment is None and not self.pending:
            # A reply has begun that nothing asked for: it must not become this command's.
            self.close(own_replies.HOP_GONE)
            return
        if meant is FOR_CHUNK:
            self._handle_bdat(line)
        elif meant is FOR_RCPT:
            if self.asks_recipients or not self._room:
                self._hold_command(RCPT_ASKED, line)
            else:
                self._room -= 1
                self._forward_command(meant, line)
        else:
            if meant >= FOR_XFORWARD:
                meant, line = self._own_command(meant, line)
            if meant < FOR_OURS:
                if meant is FOR_EHLO or meant is FOR_HELO:
                    # What was offered before holds no longer: after HELO a BDAT is no command.
                    self._hop_offers = frozenset()
                self._forward_command(meant, line)
                if meant is FOR_DATA:
                    self._phase = DATA_ASKED
            else:
                self._queue_own_reply(meant, OWN_REPLIES.get(meant, line))

    def _own_command(self, meant: ReplyFor, line: bytes) -> tuple[ReplyFor, bytes]:
        """What we may have to answer ourselves, and the line or the reply."""
        if meant is FOR_STARTTLS and self.offers_starttls:
            self._phase = TLS_ASKED
            return FOR_OUR_STARTTLS, own_replies.TLS_READY
        if meant is not FOR_XFORWARD:
            return meant, line
        if not self.trusts_client:
            return FOR_OURS, own_replies.NOT_TRUSTED
        return FOR_XFORWARD if b"XFORWARD" in self._hop_offers else FOR_OUR_XFORWARD, line

    def _handle_bdat(self, line: bytes) -> None:
        chunk = bdat.parse_bdat(line)
        if chunk is None or b"CHUNKING" not in self._hop_offers:
            self._queue_own_reply(FOR_OURS, own_replies.NOT_OFFERED)
            self._skip_octets(chunk, bdat.UNOFFERED_LIMIT)
        else:
            # Whether the next hop will count its octets, the replies to come will tell.
            self._hold_command(BDAT_ASKED, line)

    def _skip_octets(self, chunk: bdat.BdatChunk | None, limit: int) -> None:
        """Its octets follow unasked: left standing, they would be commands."""
        if chunk is None or chunk.octets > limit:
            self._phase = FAILED
        else:
            self._client_lines.skip(chunk.octets)
            self._phase = COMMANDS

    def _forward_command(self, meant: ReplyFor, line: bytes) -> None:
        self.pending.append((meant, line))
        if len(self.pending) >= PENDING_LIMIT:
            self.has_backlog = True
        self.to_next_hop.append(line)

    def _hold_command(self, phase: Phase, line: bytes) -> None:
        """Hold a command until all before it is answered, then ask about it."""
        self._held_command, self._phase = line, phase
        self._send_own_replies()

    def _queue_own_reply(self, meant: ReplyFor, reply: bytes) -> None:
        """Answer by ourselves, in turn."""
        self.pending.append((meant, reply))
        if len(self.pending) >= PENDING_LIMIT:
            self.has_backlog = True
        self._send_own_replies()

    def _send_own_replies(self) -> None:
        """Do what only waited for earlier replies: answers of our own, and questions."""
        if self.moment is AT_REPLIED:
            return
        if self.pending and send_own_replies(self.pending, self.to_client, self.transaction):
            self._reach_starttls()
        elif self.pending or self.moment is not None:
            return
        elif self._phase is DOT:
            self.moment = AT_CONTENT_ENDED
        elif self._held_command and not self._hop_is_gone:
            (self._reach_recipient if self._phase is RCPT_ASKED else self._reach_chunk)()

    def _reach_recipient(self) -> None:
        """A RCPT has its turn: all before it is answered."""
        self._room = self._max_recipients - self.transaction.named_count
        if self._room <= 0:
            self._room, self._held_command, self._phase = 0, b"", COMMANDS
            self.to_client.append(own_replies.TOO_MANY_RECIPIENTS)
        elif self.asks_recipients:
            self.moment = AT_RECIPIENT
        else:
            self._forward_recipient()

    def _forward_recipient(self) -> None:
        if not self._closes_for_unexpected_reply():
            line, self._held_command, self._phase = self._held_command, b"", COMMANDS
            self._room -= 1
            self._forward_command(FOR_RCPT, line)

    def _reach_chunk(self) -> None:
        """A BDAT has its turn: the next hop counts its octets only where a message is under way."""
        message, transaction = self.message, self.transaction
        if not transaction.is_ready or transaction.number == self._spoilt:
            line, self._held_command = self._held_command, b""
            self.to_client.append(own_replies.NO_CHUNK_NOW)
            self._skip_octets(bdat.parse_bdat(line), bdat.UNWANTED_LIMIT)
        elif not isinstance(message, ChunkedMessage):
            self.moment = AT_ENVELOPE
        elif not self._closes_for_unexpected_reply():
            self._start_chunk(message)

    def _reach_starttls(self) -> None:
        """Our 220 to STARTTLS has its turn."""
        if self.transaction.is_open:
            # The next hop knows nothing of our TLS: what was said in the clear would stand there.
            self.to_client[-1] = own_replies.TLS_NOT_NOW
            self._phase = COMMANDS
        else:
            self.moment = AT_STARTTLS

    # What the next hop says, and what becomes of the dialogue when it leaves.

    def next_hop_connected(self, *, is_last: bool) -> None:
        """A next hop is connected and has said nothing yet; ``is_last``: no other can be tried."""
        if self._hop_replies.size:
            # Of a hop before it, which broke off in the middle of a reply.
            self._hop_replies = ReplyFramer()
        self._is_last_hop = is_last
        self._hop_is_gone = self.drop_next_hop = False

    def receive_from_next_hop(self, data: bytes) -> None:
        """Take bytes from the next hop."""
        if self._hop_is_gone:
            return
        if not self._hop_replies.size and self.moment is None and (code := single_line_code(data)):
            self._handle_reply(code, data)
            if self._client_has_closed or self._is_draining:
                self._close_if_idle()
            return
        self._hop_replies.feed(data)
        self._process_replies()
        if (
            self.moment is AT_REPLIED
            and self._hop_replies.size
            and next_hop_owes_nothing(self.pending)
        ):
            # Behind the reply that is being settled, and asked for by nothing: no command may go
            # on that it would be taken to answer.
            self._phase = FAILED
        self.measure_backlog()

    def next_hop_closed(self, last_reply: bytes = b"") -> None:
        """The next hop closed, broke or was silent too long, or said too much: it hears no more."""
        if self._hop_is_gone:
            return
        if self.moment in (AT_RECIPIENT, AT_REPLIED, AT_STARTTLS, AT_ENVELOPE):
            # What it said before it closed is heard first.
            self._hop_close_waits = True
            return
        self._drop_hop()
        if self._phase is BDAT_ASKED and isinstance(self.message, ChunkedMessage):
            # The chunk that waits is of a message under way: it is swallowed as the others are.
            self._start_chunk(self.message)
            self.to_next_hop.clear()
        if self._phase in (CONTENT, DOT) and self.message is not None:
            self._abandon_content(self.message, own_replies.HOP_LOST, Outcome.FAILED)
        elif self._phase is GREETING:
            if self._is_last_hop:
                self.close(own_replies.NO_HOP)
        elif self.moment is None:
            self._tell_hop_is_lost(last_reply)
        self._process_client_bytes()

    def _tell_hop_is_lost(self, last_reply: bytes) -> None:
        """Tell the client that the replies it waits for will not come."""
        if self.pending and self.pending[0][0] is FOR_DOT:
            self.pending.popleft()
            # Too long is not unsaid: what it made of the message stands at its beginning.
            outcome = OUTCOMES.get(int(last_reply[:1] or b"0"), Outcome.UNKNOWN)
            reply = own_replies.HOP_LOST if outcome is Outcome.UNKNOWN else last_reply
            if not self._set_final_reply(reply, outcome):
                self._end_after_lost_hop()
        elif self._phase is not FAILED:
            self.close(own_replies.HOP_GONE)

    def _process_replies(self) -> None:
        while (
            self._hop_replies.size
            and self.moment in (None, AT_CONTENT_ENDED)
            and not self._hop_is_gone
        ):
            try:
                framed = self._hop_replies.next()
            except RemoteProtocolError:
                self.next_hop_closed(self._hop_replies.shortened())
                return
            if framed is None:
                break
            self._handle_reply(*framed)
        if self._client_has_closed or self._is_draining:
            self._close_if_idle()

    def _handle_reply(self, code: int, raw: bytes) -> None:
        if not self.pending or self._phase is CONTENT:  # a chunk's comes behind its last octet
            self._handle_unexpected_reply(code, raw)
            return
        kind, line = self.pending.popleft()
        if 300 <= code < 400:
            self._handle_3xx(kind, code, raw)
            return
        if kind is FOR_BANNER:
            self._handle_banner(code, raw)
            return
        if kind is FOR_DOT:
            if self._set_final_reply(raw, OUTCOMES[code // 100]):
                return
        else:
            self.to_client.append(self._note_success(kind, line, raw) if code < 300 else raw)
        if code == 421 or (kind is FOR_QUIT and code < 300):
            self.close(b"")
        elif code >= 400 or kind is FOR_DATA:
            self._note_refusal(kind, code, line)
        if self._client_lines.size or self.pending or self._held_command or self._phase is DOT:
            self._process_client_bytes()

    def _note_refusal(self, kind: ReplyFor, code: int, line: bytes) -> None:
        """Note a reply that is no success, and which the client has."""
        if (kind is FOR_PART or kind is FOR_DATA) and self.transaction.is_open:
            # What becomes of chunks now is indeterminate (RFC 3030 section 2).
            self._spoilt = self.transaction.number
        if kind is FOR_DATA:
            self._phase = COMMANDS
        elif kind is FOR_PART:
            self.outcomes.append(OUTCOMES[code // 100])
            self.message = None
        elif kind is FOR_PROBE:
            self.to_client[-1] = line
        elif kind is FOR_EHLO and code in UNKNOWN_COMMAND and not self.pending:
            # A client that heard 500 from an LMTP server might return the mail: ask first.
            self.pending.append((FOR_PROBE, self.to_client.pop()))
            self.to_next_hop.append(b"LHLO" + line.lstrip()[4:])

    def _handle_3xx(self, kind: ReplyFor, code: int, raw: bytes) -> None:
        if kind is FOR_DATA and code == 354 and self.message is None:
            self._reply_354 = raw
            self.moment = AT_ENVELOPE
        elif kind is FOR_DOT:
            # No answer to a message: nobody can say what became of it.
            self.pending.appendleft((kind, b""))
            self.next_hop_closed()
        else:
            # It asks the client for something of which we know no end.
            self.close(own_replies.HOP_GONE)

    def _note_success(self, kind: ReplyFor, line: bytes, raw: bytes) -> bytes:
        """Note a 2xx reply; give it as the client gets it."""
        if kind >= FOR_PROBE:
            self.speaks_lmtp = True
            self.close(own_replies.NOT_SMTP)
            return b""
        self.transaction.note_accepted(kind, line, raw)
        if self.message is not None:
            if kind in (FOR_MAIL, FOR_RSET, FOR_EHLO, FOR_HELO):
                # Chunks that came before are of no message any more.
                self.message = None
            elif kind is FOR_RCPT:
                # Named after the first chunk: nobody has looked at this recipient.
                self.close(own_replies.NAMED_TOO_LATE)
                return b""
        if kind is not FOR_EHLO:
            return raw
        if not any(each is FOR_EHLO or each is FOR_HELO for each, _ in self.pending):
            self._hop_offers = ehlo_keywords.keywords(raw)
        return ehlo_keywords.offered_reply(
            raw, xforward=self.trusts_client, starttls=self.offers_starttls
        )

    def _handle_banner(self, code: int, raw: bytes) -> None:
        if is_lmtp_banner(raw):
            self.speaks_lmtp, code, raw = True, 421, own_replies.NOT_SMTP
        if code >= 400 and not self._is_last_hop:
            self.pending.appendleft((FOR_BANNER, b""))
            self._drop_hop()
            return
        self.to_client.append(raw)
        self._phase = COMMANDS
        if code == 421:
            self.close(b"")
        self._process_client_bytes()

    def _handle_unexpected_reply(self, code: int, raw: bytes) -> None:
        if self.message is not None and self._phase in (CONTENT, DOT):
            # It answers before the dot: its refusal counts, anything else is no answer.
            outcome = Outcome.REFUSED if code >= 500 else Outcome.FAILED
            reply = raw if code >= 400 else own_replies.HOP_LOST
            self._abandon_content(self.message, reply, outcome)
            self._process_client_bytes()
        else:
            self.close(raw if code == 421 else own_replies.HOP_GONE)

    # The content, on its way: begun, passed on, withheld, lost.

    def _start_chunk(self, message: ChunkedMessage) -> None:
        line, self._held_command = self._held_command, b""
        chunk = bdat.parse_bdat(line)
        assert chunk is not None
        message.announce(chunk, line, self.to_next_hop)
        if not chunk.is_last:
            self.pending.append((FOR_PART, line))
        elif not message.is_matched:
            self.pending.append((FOR_DOT, line))
        if message.awaits_octets:
            self._phase = CONTENT
        else:
            self._end_content(message)

    def _handle_content(self, message: Message, data: bytes) -> None:
        if self._hop_replies.size and not message.is_abandoned:
            # A reply has begun that nothing asked for: it must not become the final dot's.
            self._abandon_content(message, own_replies.HOP_LOST, Outcome.FAILED)
        scan = message.pass_on(data, self.to_next_hop)
        if scan is SCAN_LOOKALIKE:
            self._abandon_content(message, own_replies.LOOKALIKE, Outcome.REFUSED)
            scan = message.pass_on(data, self.to_next_hop)
        if scan is SCAN_END:
            if message.rest:
                self._client_lines.feed(message.rest)
            self._end_content(message)
        elif message.is_abandoned and message.is_too_long_to_swallow:
            self._end_message(message)
            self.close(b"")

    def _abandon_content(self, message: Message, reply: bytes, outcome: Outcome) -> None:
        """Let go of the next hop; when its content has ended, the client gets what it is owed."""
        self._drop_hop()
        owed = [what if kind >= FOR_OURS else reply for kind, what in self.pending]
        if message.withholds:
            owed.append(reply)
        self.pending.clear()
        message.abandon(b"".join(owed), outcome)

    def _end_content(self, message: Message) -> None:
        if message.is_abandoned:
            self._end_message(message)
            self._phase = FAILED
        elif not message.is_whole:
            self._phase = COMMANDS
        elif message.is_matched:
            self._phase = DOT
            self.moment = AT_CONTENT_ENDED
        elif isinstance(message, ChunkedMessage):
            self._phase = COMMANDS
        else:
            # Its terminator went with the content.
            self.pending.append((FOR_DOT, b""))
            self._phase = COMMANDS

    def _set_final_reply(self, reply: bytes, outcome: Outcome) -> bool:
        """The reply to the dot is known; whether it waits for an answer to ``REPLIED``."""
        message = self.message
        assert message is not None
        message.set_reply(reply, outcome)
        if message.is_matched:
            self.moment = AT_REPLIED
        else:
            self._end_message(message)
        return message.is_matched

    def _end_message(self, message: Message) -> None:
        """Close the books on a message about which nobody was asked."""
        self.outcomes.append(message.outcome)
        self.to_client.append(message.reply)
        self._close_transaction()

    # The answers at each moment.

    def accept_recipient(self) -> None:
        """Answer ``Moment.RECIPIENT``: the next hop may hear of it."""
        self._answer_moment(AT_RECIPIENT)
        self._forward_recipient()
        self._resume()

    def reject_recipient(self, reply: bytes) -> None:
        """Answer ``Moment.RECIPIENT``: the client gets this reply, the next hop nothing."""
        self._answer_moment(AT_RECIPIENT)
        self._phase, self._held_command = COMMANDS, b""
        self.transaction.refused_count += 1
        self.to_client.append(reply)
        self._resume()

    def tls_started(self) -> None:
        """Answer ``Moment.STARTTLS``: what was said before it is forgotten (RFC 3207, 4.2)."""
        self._answer_moment(AT_STARTTLS)
        self.offers_starttls = False
        self._client_lines = LineBuffer()
        self._phase = COMMANDS
        self._close_transaction()
        self._resume()

    def start_content(self, *, is_matched: bool) -> None:
        """Answer ``Moment.ENVELOPE``: the content may come, matched or not."""
        self._answer_moment(AT_ENVELOPE)
        if self._held_command:
            if self._closes_for_unexpected_reply():
                return
            self.message = chunked = ChunkedMessage(is_matched=is_matched)
            self._start_chunk(chunked)
        else:
            self.message = Message(is_matched=is_matched, refuse_lookalikes=self._refuse_lookalikes)
            self._phase = CONTENT
            self.to_client.append(self._reply_354)
            # What came in one packet with the 354 was said before any dot: no answer to it.
            self._process_replies()
        self._hear_close()
        self._process_client_bytes()

    def release_dot(self) -> None:
        """Answer ``Moment.CONTENT_ENDED``: the final dot goes on, where there still is a hop."""
        self._answer_moment(AT_CONTENT_ENDED)
        assert self.message is not None
        if self._hop_replies.size and not self._hop_is_gone:
            # As in the content: it began before the dot is out.
            self._drop_hop()
            self.message.set_reply(own_replies.HOP_LOST, Outcome.FAILED)
        if self._hop_is_gone:
            self._phase = FAILED
            self.moment = AT_REPLIED
        else:
            self.to_next_hop.append(self.message.terminator)
            self.pending.append((FOR_DOT, b""))
            self._phase = COMMANDS
            self._process_client_bytes()

    def defer_message(self) -> None:
        """Answer ``Moment.CONTENT_ENDED``: it could not be recorded, so the dot stays here."""
        self._answer_moment(AT_CONTENT_ENDED)
        message = self.message
        assert message is not None
        self._drop_hop()
        message.set_reply(own_replies.NOT_RECORDED, Outcome.FAILED)
        self._end_message(message)
        self._phase = FAILED
        self._process_client_bytes()

    def send_final_reply(self) -> None:
        """Answer ``Moment.REPLIED``: the final reply goes to the client."""
        self._answer_moment(AT_REPLIED)
        message = self.message
        assert message is not None
        self.to_client.append(message.reply)
        self._close_transaction()
        if message.reply.startswith(b"421"):
            self.close(b"")
        elif self._hop_is_gone:
            self._end_after_lost_hop()
        elif next_hop_owes_nothing(self.pending):
            self._closes_for_unexpected_reply()
        self._resume()

    def _answer_moment(self, moment: Moment) -> None:
        if self.moment is not moment:
            raise LocalProtocolError(f"{self!r} does not stand at {moment.name}")
        self.moment = None

    def _resume(self) -> None:
        """After an answer: both sides have been held."""
        self._process_client_bytes()
        self._process_replies()
        self._hear_close()

    def _hear_close(self) -> None:
        if self._hop_close_waits and self.moment is None:
            self._hop_close_waits = False
            self.next_hop_closed()

    def _closes_for_unexpected_reply(self) -> bool:
        """Whether the next hop has said what would answer what comes next: then it is over."""
        if not self._hop_replies.size:
            return False
        self.pending.clear()  # our own answers at most: the end comes before them
        self._process_replies()
        self.close(own_replies.HOP_GONE)
        return True

    def _end_after_lost_hop(self) -> None:
        if self.pending or self._held_command:
            self.close(own_replies.HOP_GONE)
        else:
            self._phase = FAILED

    def _close_if_idle(self) -> None:
        """The client left, or the process is draining: end where nothing is under way."""
        if self.is_over or self.moment is not None or self.awaits_turn:
            return
        if self._client_has_closed:
            # Content that is held may hold its end too: it is looked at first.
            if not (self._client_lines.size if self._phase is CONTENT else self.pending):
                self.close(b"")
        elif self._phase is GREETING or not (self.pending or self.transaction.is_open):
            self.close(own_replies.CLOSING)

    def close(self, last_words: bytes) -> None:
        """End the dialogue on both sides."""
        self._phase = CLOSED
        if self.is_over:
            return
        if last_words:
            self.to_client.append(last_words)
        self.pending.clear()
        self._held_command = b""
        self._drop_hop()
        self.is_over = True

    def _drop_hop(self) -> None:
        self._hop_is_gone = self.drop_next_hop = True

    def _close_transaction(self) -> None:
        self.transaction.close()
        self.message = None
