"""What the next hop says in a dialogue, and what becomes of the dialogue when it leaves."""

from __future__ import annotations

from gateway.errors import RemoteProtocolError
from gateway.model import Outcome
from gateway.smtp import ehlo_keywords, own_replies
from gateway.smtp.delivery import Delivery
from gateway.smtp.dialogue_states import (
    AT_CONTENT_ENDED,
    AT_ENVELOPE,
    AT_RECIPIENT,
    AT_REPLIED,
    AT_STARTTLS,
    COMMANDS,
    CONTENT,
    DOOMED,
    DOT,
    FOR_BANNER,
    FOR_DATA,
    FOR_DOT,
    FOR_EHLO,
    FOR_HELO,
    FOR_MAIL,
    FOR_QUIT,
    FOR_RCPT,
    FOR_RSET,
    GREETING,
    OUTCOMES,
    Await,
)
from gateway.smtp.pending_replies import owes_nothing
from gateway.smtp.replies import single


class HopSide(Delivery):
    """What a :class:`gateway.smtp.session.Session` makes of its next hop's words, and silence."""

    __slots__ = ("_hop_closed", "_hop_offers", "offers_tls", "trusts_client")

    def __init__(self, *, trusts_client: bool, refuse_lookalikes: bool) -> None:
        super().__init__(refuse_lookalikes=refuse_lookalikes)
        self.trusts_client = trusts_client
        """Whether the client may use XFORWARD."""
        self.offers_tls = False
        """Whether the client may use STARTTLS, which its owner then carries out."""
        self._hop_offers: frozenset[bytes] = frozenset()
        self._hop_closed = False

    def from_next_hop(self, data: bytes) -> None:
        """Take bytes from the next hop."""
        if self._hop_left:
            return
        if not self._framer.size and self.moment is None and (code := single(data)):
            self._take_reply(code, data)
            if self._client_left or self._draining:
                self._leave_if_idle()
            return
        self._framer.feed(data)
        self._take_replies()
        if self.moment is AT_REPLIED and self._framer.size and owes_nothing(self.awaited):
            # Behind the reply that is being settled, and asked for by nothing: no command may go
            # on that it would be taken to answer.
            self._phase = DOOMED
        self.measure()

    def next_hop_left(self) -> None:
        """The next hop closed, broke or was silent too long; nothing more goes to it."""
        if self._hop_left:
            return
        if self.moment in (AT_RECIPIENT, AT_REPLIED, AT_STARTTLS):
            # What it said before it closed is heard first.
            self._hop_closed = True
            return
        self._drop_hop()
        if self._phase in (CONTENT, DOT) and self.message is not None:
            self._lose_content(self.message, own_replies.HOP_LOST, Outcome.FAILED)
        elif self._phase is GREETING:
            if self._is_last_hop:
                self.part(own_replies.NO_HOP)
        elif self.moment is None:
            self._lose_hop()
        self._advance()

    def _lose_hop(self) -> None:
        """Tell the client that the replies it waits for will not come."""
        if self.awaited and self.awaited[0][0] is FOR_DOT:
            self.awaited.popleft()
            if not self._take_final(own_replies.HOP_LOST, Outcome.UNKNOWN):
                self._follow_lost_hop()
        elif self._phase is not DOOMED:
            self.part(own_replies.HOP_GONE)

    def _take_replies(self) -> None:
        # At other moments the next hop is not listened to.
        while self._framer.size and self.moment in (None, AT_CONTENT_ENDED) and not self._hop_left:
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
        if not self.awaited or (
            self._phase is CONTENT and self.awaited[0][0] is FOR_DOT  # a chunk's, too early
        ):
            self._take_unasked(code, raw)
            return
        kind, line = self.awaited.popleft()
        if 300 <= code < 400:
            self._take_go_ahead(kind, code, raw)
            return
        if kind is FOR_BANNER:
            self._take_banner(code, raw)
            return
        if kind is FOR_DOT:
            if self._take_final(raw, OUTCOMES[code // 100]):
                return
        else:
            self.to_client.append(self._noted(kind, line, raw) if code < 300 else raw)
        if code == 421 or (kind is FOR_QUIT and code < 300):
            self.part(b"")
        elif kind is FOR_DATA:
            self._phase = COMMANDS
        if self._inbox.size or self.awaited or self._asked or self._phase is DOT:
            self._advance()

    def _take_go_ahead(self, kind: Await, code: int, raw: bytes) -> None:
        if kind is FOR_DATA and code == 354:
            self._go_ahead = raw
            self.moment = AT_ENVELOPE
        elif kind is FOR_DOT:
            # No answer to a message: nobody can say what became of it.
            self.awaited.appendleft((kind, b""))
            self.next_hop_left()
        else:
            # It asks the client for something of which we know no end.
            self.part(own_replies.HOP_GONE)

    def _noted(self, kind: Await, line: bytes, raw: bytes) -> bytes:
        """Note a 2xx reply; give it as the client gets it."""
        self.transaction.note(kind, line, raw)
        if self.message is not None:
            if kind in (FOR_MAIL, FOR_RSET, FOR_EHLO, FOR_HELO):
                # Chunks that came before are of no message any more.
                self.message = None
            elif kind is FOR_RCPT:
                # Named after the first chunk: nobody has looked at this recipient.
                self.part(own_replies.NAMED_TOO_LATE)
                return b""
        if kind is not FOR_EHLO:
            return raw
        if not any(each is FOR_EHLO or each is FOR_HELO for each, _ in self.awaited):
            self._hop_offers = ehlo_keywords.keywords(raw)
        return ehlo_keywords.offer(raw, xforward=self.trusts_client, starttls=self.offers_tls)

    def _take_banner(self, code: int, raw: bytes) -> None:
        if code >= 400 and not self._is_last_hop:
            self.awaited.appendleft((FOR_BANNER, b""))
            self._drop_hop()
            return
        self.to_client.append(raw)
        self._phase = COMMANDS
        if code == 421:
            self.part(b"")
        self._advance()

    def _take_unasked(self, code: int, raw: bytes) -> None:
        if self.message is not None and self._phase in (CONTENT, DOT):
            # It answers before the dot: its refusal counts, anything else is no answer.
            outcome = Outcome.REFUSED if code >= 500 else Outcome.FAILED
            reply = raw if code >= 400 else own_replies.HOP_LOST
            self._lose_content(self.message, reply, outcome)
            self._advance()
        else:
            self.part(raw if code == 421 else own_replies.HOP_GONE)
