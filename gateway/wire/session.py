"""One SMTP dialogue between a client and its next hop, as bytes in and bytes out.

The theory. What the client says goes on to the next hop, what the next hop says goes back, both
byte for byte. Between the two stands a queue, ``_awaited``: one entry for every command whose
reply is still to come, in the order of the commands. Replies of our own (a command that we
answer alone) wait in the same queue, so that a pipelining client gets every reply in its place
(RFC 2920 section 3.1).

The client's side is in one :class:`Phase`. Three times the session stops and asks; until it is
answered, the side concerned stands still and its bytes are held:

========================  ==========================================  =========================
``moment``                what has happened                           the answer
========================  ==========================================  =========================
``Moment.ENVELOPE``       DATA was answered 354                       ``begin(watch=…)``
``Moment.CONTENT_ENDED``  a watched message's final dot is here       ``release()`` · ``defer()``
``Moment.REPLIED``        its final reply is here, or will not come   ``answer()``
========================  ==========================================  =========================

An unwatched message never stops at the last two. Nothing here opens, reads or waits for
anything: whoever owns the sockets feeds :meth:`Session.from_client` and
:meth:`Session.from_next_hop`, writes out ``to_client`` and ``to_next_hop``, and closes when
``is_over`` and ``drop_next_hop`` say so.
"""

from __future__ import annotations

from collections import deque

from gateway.errors import LocalProtocolError, RemoteProtocolError
from gateway.model import Envelope, Outcome
from gateway.wire import answers, command, extensions
from gateway.wire.content import TERMINATOR, ContentScanner, HeaderCapture, Scan
from gateway.wire.inbox import Inbox
from gateway.wire.phase import MEANING, NOT_OFFERED, OUTCOMES, USUAL, Await, Moment, Phase
from gateway.wire.reply import ReplyFramer
from gateway.wire.transaction import Transaction

HELD_LIMIT = 65536
"""Bytes of either side that are held before its reading pauses."""

AWAITED_LIMIT = 2000
"""Commands in flight before the client's reading pauses: 1,000 recipients twice over."""

SWALLOW_LIMIT = 1 << 30
"""Bytes of content that are read to their end only to be thrown away."""


class Session:
    """The dialogue of one client with one next hop."""

    __slots__ = (
        "_awaited",
        "_client_left",
        "_draining",
        "_framer",
        "_helo",
        "_hop_has_xforward",
        "_hop_left",
        "_inbox",
        "_is_last_hop",
        "_phase",
        "_refuse_lookalikes",
        "_scanner",
        "_swallowed",
        "_transaction",
        "_watched",
        "drop_next_hop",
        "final_reply",
        "header",
        "is_over",
        "moment",
        "outcome",
        "tally",
        "to_client",
        "to_next_hop",
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
        self.header: HeaderCapture | None = None
        """The header block of the watched message, and of no other."""
        self.final_reply = b""
        """At ``Moment.REPLIED``: the reply to the final dot as the client will get it."""
        self.outcome = Outcome.PENDING
        """At ``Moment.REPLIED``: what became of the watched message."""
        self.tally: list[Outcome] = []
        """What became of the others since the list was last emptied: for counting, no more."""
        self.trusts_client = trusts_client
        """Whether the client may use XFORWARD."""
        self._refuse_lookalikes = refuse_lookalikes
        self._phase = Phase.GREETING
        self._awaited: deque[tuple[Await, bytes]] = deque([(Await.BANNER, b"")])
        self._framer = ReplyFramer()
        self._inbox = Inbox()
        self._transaction = Transaction()
        self._scanner = ContentScanner()
        self._watched = False
        self._helo = b""
        self._hop_has_xforward = False
        self._is_last_hop = True
        self._swallowed = 0
        self._client_left = False
        self._hop_left = False
        self._draining = False

    def __repr__(self) -> str:
        awaited = "".join(f" {kind.name}" for kind, _ in self._awaited)
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

    def client_timed_out(self) -> None:
        """The client was silent too long."""
        self._part(answers.TIMED_OUT)

    def refuse(self, reply: bytes) -> None:
        """Turn the client away at the greeting."""
        self._part(reply)

    def drain(self) -> None:
        """End the dialogue at the next place where no transaction is under way."""
        self._draining = True
        self._advance()

    @property
    def wants_client(self) -> bool:
        """Whether there is room for more of the client's bytes."""
        return len(self._inbox) < HELD_LIMIT and len(self._awaited) < AWAITED_LIMIT

    def _advance(self) -> None:
        """Take what is held as far as the phase allows."""
        self._give_our_answers()
        while self._inbox:
            phase = self._phase
            if phase is Phase.COMMANDS:
                line = self._inbox.next_line()
                if line is None:
                    break
                self._take_command(line)
            elif phase is Phase.CONTENT:
                self._take_content(self._inbox.take())
            elif phase is Phase.SWALLOW:
                self._swallow(self._inbox.take())
            elif phase is Phase.DOOMED:
                self._part(answers.FOLLOWS_FAILURE)
            elif phase is Phase.OVER:
                self._inbox.take()
            else:
                break
        if self._client_left or self._draining:
            self._leave_if_idle()

    def _take_command(self, line: bytes) -> None:
        meant = USUAL.get(line[:5])
        if not line:
            self._answer(answers.LINE_TOO_LONG)
            return
        if not command.is_clean(line):
            self._answer(answers.LINE_UNCLEAN)
            return
        if meant is None:
            verb = command.verb(line)
            if verb in NOT_OFFERED:
                self._answer(answers.NOT_OFFERED)
                return
            if verb == b"BDAT":
                self._refuse_chunk(line)
                return
            if verb == b"XFORWARD":
                meant = self._xforward()
                if meant is None:
                    return
            else:
                meant = MEANING.get(verb, Await.OTHER)
        self._awaited.append((meant, line))
        if meant is Await.OUR_XFORWARD:
            self._give_our_answers()
            return
        self.to_next_hop.append(line)
        if meant is Await.DATA:
            self._phase = Phase.DATA_ASKED

    def _xforward(self) -> Await | None:
        if not self.trusts_client:
            self._answer(answers.NOT_TRUSTED)
            return None
        return Await.XFORWARD if self._hop_has_xforward else Await.OUR_XFORWARD

    def _refuse_chunk(self, line: bytes) -> None:
        # The octets follow unasked (RFC 3030 section 2): left standing, they would be commands.
        self._answer(answers.NOT_OFFERED)
        octets = command.chunk_size(line)
        if octets is None:
            self._phase = Phase.DOOMED
        else:
            self._inbox.skip(octets)

    def _answer(self, reply: bytes) -> None:
        self._awaited.append((Await.OURS, reply))
        self._give_our_answers()

    def _give_our_answers(self) -> None:
        """Give the replies of our own whose turn has come."""
        awaited = self._awaited
        while awaited and awaited[0][0] >= Await.OURS and self.moment is not Moment.REPLIED:
            kind, what = awaited.popleft()
            if kind is Await.OUR_XFORWARD:
                self._transaction.forward(what)
                what = answers.XFORWARD_TAKEN
            self.to_client.append(what)

    # The content.

    def begin(self, *, watch: bool) -> None:
        """Answer ``Moment.ENVELOPE``: the content may come, watched or not."""
        self._expect(Moment.ENVELOPE)
        self._watched = watch
        self.header = HeaderCapture() if watch else None
        self._scanner = ContentScanner(refuse_lookalikes=self._refuse_lookalikes)
        self._phase = Phase.CONTENT
        self.to_client.append(self.final_reply)
        self._advance()

    def _take_content(self, data: bytes) -> None:
        scanner = self._scanner
        scan = scanner.feed(data)
        if scan is Scan.LOOKALIKE:
            self._fail_content(answers.LOOKALIKE, Outcome.REFUSED)
            self._swallow(data)
            return
        if scanner.passed:
            self.to_next_hop.append(scanner.passed)
            if self.header is not None:
                self.header.feed(scanner.passed)
        if scan is Scan.END:
            self._inbox.feed(scanner.rest)
            if self._watched:
                self._phase = Phase.DOT
                self.moment = Moment.CONTENT_ENDED
            else:
                self._send_dot()

    def _send_dot(self) -> None:
        self.to_next_hop.append(TERMINATOR)
        self._awaited.append((Await.DOT, b""))
        self._phase = Phase.COMMANDS

    def _fail_content(self, reply: bytes, outcome: Outcome) -> None:
        """Let go of the next hop; the client gets this reply when its content has ended."""
        self._drop_hop()
        self.final_reply, self.outcome = reply, outcome
        if self._phase is Phase.CONTENT:
            self._phase = Phase.SWALLOW
            self._scanner.tolerate()

    def _swallow(self, data: bytes) -> None:
        self._swallowed += len(data)
        if self._scanner.feed(data) is Scan.END:
            self._inbox.feed(self._scanner.rest)
            self._end_message()
            self._phase = Phase.DOOMED
        elif self._swallowed > SWALLOW_LIMIT:
            self._end_message()
            self._part(b"")

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
        self._drop_hop()
        self.final_reply, self.outcome = answers.NOT_RECORDED, Outcome.FAILED
        self._end_message()
        self._phase = Phase.DOOMED
        self._advance()

    def answer(self) -> None:
        """Answer ``Moment.REPLIED``: the final reply goes to the client."""
        self._expect(Moment.REPLIED)
        reply = self.final_reply
        self._watched = False
        self.to_client.append(reply)
        self._close_transaction()
        if reply.startswith(b"421"):
            self._part(b"")
        elif self._hop_left:
            self._follow_lost_hop()
        self._advance()
        self._take_replies()

    def _end_message(self) -> None:
        """Close the books on a message that nobody was asked about."""
        self.tally.append(self.outcome)
        self.to_client.append(self.final_reply)
        self._close_transaction()

    def _close_transaction(self) -> None:
        self._transaction.close()
        self._watched = False
        self.header = None

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

    def no_next_hop(self) -> None:
        """Every next hop was tried in vain."""
        self._part(answers.NO_HOP)

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
        self._drop_hop()
        if self._phase in (Phase.CONTENT, Phase.DOT):
            self._fail_content(answers.HOP_LOST, Outcome.FAILED)
        elif self._phase is Phase.GREETING:
            if self._is_last_hop:
                self.no_next_hop()
        elif self.moment is None:
            self._lose_hop()
        self._advance()

    @property
    def wants_next_hop(self) -> bool:
        """Whether there is room for more of the next hop's bytes."""
        return self._framer.size < HELD_LIMIT

    @property
    def waits_for_next_hop(self) -> bool:
        """Whether the next hop owes a reply."""
        return bool(self._awaited)

    @property
    def has_sent_dot(self) -> bool:
        """Whether a final dot is with the next hop and its reply is not here yet."""
        return any(kind is Await.DOT for kind, _ in self._awaited)

    def _drop_hop(self) -> None:
        self._hop_left = self.drop_next_hop = True

    def _lose_hop(self) -> None:
        """Tell the client that the replies it waits for will not come."""
        if self._awaited and self._awaited[0][0] is Await.DOT:
            self._awaited.popleft()
            self.final_reply, self.outcome = answers.HOP_LOST, Outcome.UNKNOWN
            if self._watched:
                self.moment = Moment.REPLIED
                return
            self._end_message()
            self._follow_lost_hop()
        elif self._phase is not Phase.DOOMED:
            self._part(answers.HOP_GONE)

    def _follow_lost_hop(self) -> None:
        if self._awaited:
            self._part(answers.HOP_GONE)
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
        if not self._awaited:
            self._take_unasked(code, raw)
            return
        kind, line = self._awaited.popleft()
        if kind is Await.DATA and code == 354:
            self.final_reply = raw
            self.moment = Moment.ENVELOPE
            return
        if 300 <= code < 400:
            self._part(answers.HOP_GONE)
            return
        if kind is Await.BANNER:
            self._take_banner(code, raw)
            return
        if kind is Await.DOT:
            self.final_reply, self.outcome = raw, OUTCOMES[code // 100]
            if self._watched:
                self.moment = Moment.REPLIED
                return
            self._end_message()
        else:
            if code < 300:
                raw = self._take_positive(kind, line, raw)
            self.to_client.append(raw)
        if code == 421 or kind is Await.QUIT:
            self._part(b"")
        elif kind is Await.DATA:
            self._phase = Phase.COMMANDS
        self._advance()

    def _take_banner(self, code: int, raw: bytes) -> None:
        if code >= 400 and not self._is_last_hop:
            self._awaited.appendleft((Await.BANNER, b""))
            self._drop_hop()
            return
        self.to_client.append(raw)
        self._phase = Phase.COMMANDS
        self._advance()

    def _take_positive(self, kind: Await, line: bytes, raw: bytes) -> bytes:
        """Note what a 2xx reply means; give the reply as the client gets it."""
        if kind is Await.RCPT:
            self._transaction.add(line, raw)
        elif kind is Await.MAIL:
            self._transaction.open(line)
        elif kind is Await.XFORWARD:
            self._transaction.forward(line)
        elif kind is Await.RSET:
            self._close_transaction()
        elif kind in (Await.EHLO, Await.HELO):
            self._close_transaction()
            self._helo = b" ".join(line.split()[1:2])
            if kind is Await.EHLO:
                self._hop_has_xforward = b"XFORWARD" in extensions.keywords(raw)
                return extensions.offer(raw, xforward=self.trusts_client)
        return raw

    def _take_unasked(self, code: int, raw: bytes) -> None:
        if self._phase in (Phase.CONTENT, Phase.DOT):
            # It answers before the dot: its refusal counts, anything else is no answer.
            outcome = Outcome.REFUSED if code >= 500 else Outcome.FAILED
            self._fail_content(raw if code >= 400 else answers.HOP_LOST, outcome)
            self._advance()
        else:
            self._part(raw if code == 421 else answers.HOP_GONE)

    # What the owner of the sockets asks.

    @property
    def recipient_paths(self) -> list[bytes]:
        """The paths of the recipients that the next hop accepted."""
        return self._transaction.paths

    def envelope(self, id_: str, peer: str | None) -> Envelope:
        """The transaction as it stands at ``Moment.ENVELOPE``; ``peer`` is the client's address."""
        helo = self._helo.decode("utf-8", "replace") or None
        return self._transaction.envelope(id_, peer=peer, helo=helo)

    def _leave_if_idle(self) -> None:
        if self.is_over or self.moment is not None:
            return
        if self._client_left:
            in_content = self._phase in (Phase.CONTENT, Phase.SWALLOW)
            if in_content or not self._awaited:
                self._part(b"")
        elif self._phase is Phase.GREETING or not (self._awaited or self._transaction.is_open):
            self._part(answers.CLOSING)

    def _part(self, last_words: bytes) -> None:
        """End the dialogue on both sides."""
        if self.is_over:
            return
        if last_words:
            self.to_client.append(last_words)
        self._awaited.clear()
        self._drop_hop()
        self._phase = Phase.OVER
        self.is_over = True
