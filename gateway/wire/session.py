"""One SMTP dialogue between a client and its next hop, as bytes in and bytes out.

The theory. What the client says goes on to the next hop, what the next hop says goes back, both
byte for byte. Between the two stands a queue, ``awaited``: one entry for every command whose
reply is still to come, in the order of the commands. Replies of our own (a command that we
answer alone) wait in the same queue, so that a pipelining client gets every reply in its place
(RFC 2920 section 3.1).

The client's side is in one :class:`Phase`. At some moments the session stops and asks; until it
is answered, the side concerned stands still and its bytes are held:

========================  ==========================================  =========================
``moment``                what has happened                           the answer
========================  ==========================================  =========================
``Moment.RECIPIENT``      a RCPT is here, all before it is answered   ``admit()`` · ``refuse()``
``Moment.ENVELOPE``       DATA was answered 354                       ``begin(watch=…)``
``Moment.CONTENT_ENDED``  a watched message's final dot is here       ``release()`` · ``defer()``
``Moment.REPLIED``        its final reply is here, or will not come   ``answer()``
========================  ==========================================  =========================

It stops at the first only if it ``asks_recipients``, and at the last two only for a watched
message. Nothing here opens, reads or waits for
anything: whoever owns the sockets feeds :meth:`Session.from_client` and
:meth:`Session.from_next_hop`, writes out ``to_client`` and ``to_next_hop``, and closes when
``is_over`` and ``drop_next_hop`` say so.
"""

from __future__ import annotations

from gateway.errors import LocalProtocolError, RemoteProtocolError
from gateway.model import Outcome
from gateway.wire import answers, command, extensions
from gateway.wire.awaited import Awaited
from gateway.wire.content import TERMINATOR, Scan
from gateway.wire.inbox import Inbox
from gateway.wire.message import Message
from gateway.wire.phase import OUR_ANSWERS, OUTCOMES, Await, Moment, Phase, meaning
from gateway.wire.reply import ReplyFramer
from gateway.wire.transaction import Transaction

HELD_LIMIT = 65536
"""Bytes of either side that are held before its reading pauses."""

AWAITED_LIMIT = 2000
"""Commands in flight before the client's reading pauses: 1,000 recipients twice over."""


class Session:
    """The dialogue of one client with one next hop."""

    __slots__ = (
        "_asked",
        "_client_left",
        "_draining",
        "_framer",
        "_go_ahead",
        "_hop_closed",
        "_hop_has_xforward",
        "_hop_left",
        "_inbox",
        "_is_last_hop",
        "_phase",
        "_refuse_lookalikes",
        "asks_recipients",
        "awaited",
        "drop_next_hop",
        "is_over",
        "message",
        "moment",
        "tally",
        "to_client",
        "to_next_hop",
        "transaction",
        "trusts_client",
    )

    def __init__(self, *, trusts_client: bool = False, refuse_lookalikes: bool = True) -> None:
        self.to_client: list[bytes] = []
        self.to_next_hop: list[bytes] = []
        self.moment: Moment | None = None
        self.is_over = False
        """Nothing more will be said: write out what is left, then close the client."""
        self.drop_next_hop = False
        """Close the next hop now, without another byte."""
        self.transaction = Transaction()
        self.message: Message | None = None
        """At ``Moment.CONTENT_ENDED`` its header, at ``Moment.REPLIED`` its reply and outcome."""
        self.tally: list[Outcome] = []
        """What became of unwatched messages since it was last emptied: for counting, no more."""
        self.trusts_client = trusts_client
        """Whether the client may use XFORWARD."""
        self.asks_recipients = False
        """Whether each recipient is asked about before the next hop hears of it."""
        self._asked = b""  # the RCPT that is being asked about
        self._refuse_lookalikes = refuse_lookalikes
        self._phase = Phase.GREETING
        self.awaited = Awaited([(Await.BANNER, b"")])
        """The replies still to come."""
        self._framer = ReplyFramer()
        self._inbox = Inbox()
        self._go_ahead = b""  # the 354
        self._hop_has_xforward = False
        self._is_last_hop = True
        self._client_left = False
        self._hop_left = False
        self._hop_closed = False
        self._draining = False

    def __repr__(self) -> str:
        awaited = "".join(f" {kind.name}" for kind, _ in self.awaited)
        moment = f" {self.moment.name}" if self.moment else ""
        return f"<Session {self._phase.name}{moment}{awaited}>"

    # What the client says.

    def from_client(self, data: bytes) -> None:
        """Take bytes from the client."""
        self._inbox.feed(data)
        self._advance()

    def client_left(self) -> None:
        """The client will say nothing more; it may still listen (RFC 9293 section 3.6)."""
        self._client_left = True
        self._advance()

    def drain(self) -> None:
        """End the dialogue at the next place where no transaction is under way."""
        self._draining = True
        self._advance()

    @property
    def wants_client(self) -> bool:
        """Whether there is room for more of the client's bytes."""
        return len(self._inbox) < HELD_LIMIT and len(self.awaited) < AWAITED_LIMIT

    def _advance(self) -> None:
        """Take what is held as far as the phase allows."""
        self._give_ours()
        if self._phase is Phase.RCPT_ASKED and not self.awaited and self.moment is None:
            self.moment = Moment.RECIPIENT
        while self._inbox:
            phase, message = self._phase, self.message
            if phase is Phase.COMMANDS:
                line = self._inbox.next_line()
                if line is None:
                    break
                self._take_command(line)
            elif phase is Phase.CONTENT and message is not None:
                self._take_content(message)
            elif phase is Phase.DOOMED and not self.awaited and self.moment is None:
                self.part(answers.FOLLOWS_FAILURE)
            elif phase is Phase.OVER:
                self._inbox.take()
            else:
                break
        if self._client_left or self._draining:
            self._leave_if_idle()

    def _take_command(self, line: bytes) -> None:
        meant = meaning(line)
        if meant is Await.XFORWARD:
            meant, line = self._meaning_of_xforward(line)
        if meant is Await.RCPT and self.asks_recipients:
            self._asked = line
            self._phase = Phase.RCPT_ASKED
            if not self.awaited and self.moment is None:
                self.moment = Moment.RECIPIENT
            return
        if meant < Await.OURS:
            self._pass_on(meant, line)
            if meant is Await.DATA:
                self._phase = Phase.DATA_ASKED
            return
        if meant is Await.CHUNK:
            # The octets follow unasked (RFC 3030 section 2): left standing, they'd be commands.
            octets = command.chunk_size(line)
            if octets is None:
                self._phase = Phase.DOOMED
            else:
                self._inbox.skip(octets)
        self.awaited.append((meant, OUR_ANSWERS.get(meant, line)))
        self._give_ours()

    def _pass_on(self, meant: Await, line: bytes) -> None:
        self.awaited.append((meant, line))
        self.to_next_hop.append(line)

    @property
    def asked_path(self) -> bytes:
        """At ``Moment.RECIPIENT``: the recipient's path, without its brackets."""
        return command.path(self._asked)

    def admit(self) -> None:
        """Answer ``Moment.RECIPIENT``: the next hop may hear of it."""
        self._expect(Moment.RECIPIENT)
        self._phase = Phase.COMMANDS
        self._pass_on(Await.RCPT, self._asked)
        self._go_on()

    def refuse(self, reply: bytes) -> None:
        """Answer ``Moment.RECIPIENT``: the client gets this reply, the next hop nothing."""
        self._expect(Moment.RECIPIENT)
        self._phase = Phase.COMMANDS
        self.to_client.append(reply)
        self._go_on()

    def _meaning_of_xforward(self, line: bytes) -> tuple[Await, bytes]:
        if not self.trusts_client:
            return Await.OURS, answers.NOT_TRUSTED
        return Await.XFORWARD if self._hop_has_xforward else Await.OUR_XFORWARD, line

    # The content.

    def begin(self, *, watch: bool) -> None:
        """Answer ``Moment.ENVELOPE``: the content may come, watched or not."""
        self._expect(Moment.ENVELOPE)
        self.message = Message(watch=watch, refuse_lookalikes=self._refuse_lookalikes)
        self._phase = Phase.CONTENT
        self.to_client.append(self._go_ahead)
        # What came in one packet with the 354 was said before any dot, and is no answer to it.
        self._take_replies()
        self._advance()

    def _take_content(self, message: Message) -> None:
        data = self._inbox.take()
        scan = message.take(data, self.to_next_hop)
        if scan is Scan.LOOKALIKE:
            self._drop_hop()
            message.lose(answers.LOOKALIKE, Outcome.REFUSED)
            scan = message.take(data, self.to_next_hop)
        if scan is Scan.END:
            self._inbox.feed(message.rest)
            if message.is_lost:
                self._end_message(message)
                self._phase = Phase.DOOMED
            elif message.is_watched:
                self._phase = Phase.DOT
                self.moment = Moment.CONTENT_ENDED
            else:
                self._send_dot()
        elif message.is_endless:
            self._end_message(message)
            self.part(b"")

    def _send_dot(self) -> None:
        self.to_next_hop.append(TERMINATOR)
        self.awaited.append((Await.DOT, b""))
        self._phase = Phase.COMMANDS

    def release(self) -> None:
        """Answer ``Moment.CONTENT_ENDED``: the final dot goes on, where there still is a hop."""
        self._expect(Moment.CONTENT_ENDED)
        if self._hop_left:
            self._phase = Phase.DOOMED
            self.moment = Moment.REPLIED
        else:
            self._send_dot()
            self._advance()

    def defer(self) -> None:
        """Answer ``Moment.CONTENT_ENDED``: it could not be recorded, so the dot stays here."""
        self._expect(Moment.CONTENT_ENDED)
        message = self.message
        assert message is not None
        self._drop_hop()
        message.settle(answers.NOT_RECORDED, Outcome.FAILED)
        self._end_message(message)
        self._phase = Phase.DOOMED
        self._advance()

    def answer(self) -> None:
        """Answer ``Moment.REPLIED``: the final reply goes to the client."""
        self._expect(Moment.REPLIED)
        message = self.message
        assert message is not None
        self.to_client.append(message.reply)
        self._close_transaction()
        if message.reply.startswith(b"421"):
            self.part(b"")
        elif self._hop_left:
            self._follow_lost_hop()
        self._go_on()

    def _go_on(self) -> None:
        """After an answer: both sides have been held."""
        self._advance()
        self._take_replies()
        if self._hop_closed and self.moment is None:
            self._hop_closed = False
            self.next_hop_left()

    def _end_message(self, message: Message) -> None:
        """Close the books on a message about which nobody was asked."""
        self.tally.append(message.outcome)
        self.to_client.append(message.reply)
        self._close_transaction()

    def _close_transaction(self) -> None:
        self.transaction.close()
        self.message = None

    def _give_ours(self) -> None:
        if self.moment is not Moment.REPLIED:
            self.awaited.give_ours(self.to_client, self.transaction)

    def _expect(self, moment: Moment) -> None:
        if self.moment is not moment:
            raise LocalProtocolError(f"{self!r} does not stand at {moment.name}")
        self.moment = None

    # What the next hop says.

    def meet(self, *, is_last: bool) -> None:
        """A next hop is connected and has said nothing yet; ``is_last``: no other can be tried."""
        self._framer = ReplyFramer()
        self._is_last_hop = is_last
        self._hop_left = self.drop_next_hop = False

    @property
    def needs_hop(self) -> bool:
        """Whether the greeting still waits for a next hop that gives one."""
        return self._phase is Phase.GREETING and self._hop_left

    def from_next_hop(self, data: bytes) -> None:
        """Take bytes from the next hop."""
        if not self._hop_left:
            self._framer.feed(data)
            self._take_replies()

    def next_hop_left(self) -> None:
        """The next hop closed, broke or was silent too long; nothing more goes to it."""
        if self._hop_left:
            return
        if self.moment in (Moment.RECIPIENT, Moment.REPLIED):
            # What it said before it closed is heard first.
            self._hop_closed = True
            return
        self._drop_hop()
        if self._phase in (Phase.CONTENT, Phase.DOT) and self.message is not None:
            self.message.lose(answers.HOP_LOST, Outcome.FAILED)
        elif self._phase is Phase.GREETING:
            if self._is_last_hop:
                self.part(answers.NO_HOP)
        elif self.moment is None:
            self._lose_hop()
        self._advance()

    @property
    def wants_next_hop(self) -> bool:
        """Whether there is room for more of the next hop's bytes."""
        return self._framer.size < HELD_LIMIT

    def _drop_hop(self) -> None:
        self._hop_left = self.drop_next_hop = True

    def _lose_hop(self) -> None:
        """Tell the client that the replies it waits for will not come."""
        if self.awaited and self.awaited[0][0] is Await.DOT:
            self.awaited.popleft()
            if not self._take_final(answers.HOP_LOST, Outcome.UNKNOWN):
                self._follow_lost_hop()
        elif self._phase is not Phase.DOOMED:
            self.part(answers.HOP_GONE)

    def _take_final(self, reply: bytes, outcome: Outcome) -> bool:
        """The reply to the dot is known; whether it waits for an answer to ``REPLIED``."""
        message = self.message
        assert message is not None
        message.settle(reply, outcome)
        if message.is_watched:
            self.moment = Moment.REPLIED
        else:
            self._end_message(message)
        return message.is_watched

    def _follow_lost_hop(self) -> None:
        if self.awaited:
            self.part(answers.HOP_GONE)
        else:
            self._phase = Phase.DOOMED

    def _take_replies(self) -> None:
        while self.moment in (None, Moment.CONTENT_ENDED) and not self._hop_left:
            try:
                framed = self._framer.next()
            except RemoteProtocolError:
                self.next_hop_left()
                return
            if framed is None:
                break
            self._take_reply(*framed)
        if self._client_left or self._draining:
            self._leave_if_idle()

    def _take_reply(self, code: int, raw: bytes) -> None:
        if not self.awaited:
            self._take_unasked(code, raw)
            return
        kind, line = self.awaited.popleft()
        if 300 <= code < 400:
            self._take_go_ahead(kind, code, raw)
            return
        if kind is Await.BANNER:
            self._take_banner(code, raw)
            return
        if kind is Await.DOT:
            if self._take_final(raw, OUTCOMES[code // 100]):
                return
        else:
            self.to_client.append(self._noted(kind, line, raw) if code < 300 else raw)
        if code == 421 or kind is Await.QUIT:
            self.part(b"")
        elif kind is Await.DATA:
            self._phase = Phase.COMMANDS
        self._advance()

    def _take_go_ahead(self, kind: Await, code: int, raw: bytes) -> None:
        if kind is Await.DATA and code == 354:
            self._go_ahead = raw
            self.moment = Moment.ENVELOPE
        else:
            # It asks the client for something of which we know no end.
            self.part(answers.HOP_GONE)

    def _noted(self, kind: Await, line: bytes, raw: bytes) -> bytes:
        """Note a 2xx reply; give it as the client gets it."""
        self.transaction.note(kind, line, raw)
        if kind is not Await.EHLO:
            return raw
        self._hop_has_xforward = b"XFORWARD" in extensions.keywords(raw)
        return extensions.offer(raw, xforward=self.trusts_client)

    def _take_banner(self, code: int, raw: bytes) -> None:
        if code >= 400 and not self._is_last_hop:
            self.awaited.appendleft((Await.BANNER, b""))
            self._drop_hop()
            return
        self.to_client.append(raw)
        self._phase = Phase.COMMANDS
        self._advance()

    def _take_unasked(self, code: int, raw: bytes) -> None:
        if self.message is not None:
            # It answers before the dot: its refusal counts, anything else is no answer.
            outcome = Outcome.REFUSED if code >= 500 else Outcome.FAILED
            self._drop_hop()
            self.message.lose(raw if code >= 400 else answers.HOP_LOST, outcome)
            self._advance()
        else:
            self.part(raw if code == 421 else answers.HOP_GONE)

    # The end.

    def _leave_if_idle(self) -> None:
        if self.is_over or self.moment is not None:
            return
        if self._client_left:
            if self._phase is Phase.CONTENT or not self.awaited:
                self.part(b"")
        elif self._phase is Phase.GREETING or not (self.awaited or self.transaction.is_open):
            self.part(answers.CLOSING)

    def part(self, last_words: bytes) -> None:
        """End the dialogue on both sides."""
        if self.is_over:
            return
        if last_words:
            self.to_client.append(last_words)
        self.awaited.clear()
        self._drop_hop()
        self._phase = Phase.OVER
        self.is_over = True
