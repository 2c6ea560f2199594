"""Content on its way through a dialogue: begun, passed on, withheld, lost, answered."""

from __future__ import annotations

from gateway.errors import LocalProtocolError
from gateway.model import Outcome
from gateway.smtp import bdat, own_replies
from gateway.smtp.bdat import ChunkedMessage
from gateway.smtp.content import SCAN_END, SCAN_LOOKALIKE
from gateway.smtp.dialogue_states import (
    AT_CONTENT_ENDED,
    AT_ENVELOPE,
    AT_REPLIED,
    COMMANDS,
    CONTENT,
    DOOMED,
    DOT,
    FOR_DOT,
    FOR_OTHER,
    FOR_OURS,
    Moment,
)
from gateway.smtp.exchange import Exchange
from gateway.smtp.message import Message
from gateway.smtp.pending_replies import awaits_end, owes_nothing


class Delivery(Exchange):
    """What a :class:`gateway.smtp.session.Session` does between an envelope and its final reply."""

    __slots__ = ("_go_ahead", "_may_continue", "_refuse_lookalikes")

    def __init__(self, *, refuse_lookalikes: bool) -> None:
        super().__init__()
        self._refuse_lookalikes = refuse_lookalikes
        self._go_ahead = b""  # the 354
        self._may_continue = False  # whether a BDAT is the next chunk of the message begun

    # What a session adds. No abc: a compiled build cannot have its classes.

    def _advance(self) -> None:
        """Take what is held of the client as far as the phase allows."""
        raise NotImplementedError

    def _take_replies(self) -> None:
        """Take what is held of the next hop as far as the moment allows."""
        raise NotImplementedError

    def _go_on(self) -> None:
        """Take what both have said while they were held."""
        raise NotImplementedError

    def begin(self, *, watch: bool) -> None:
        """Answer ``Moment.ENVELOPE``: the content may come, watched or not."""
        self._expect(AT_ENVELOPE)
        line, self._asked = self._asked, b""
        chunk = bdat.announced(line) if line else None
        if chunk is not None:
            if self._ends_by_unasked():
                return
            self.message = chunked = ChunkedMessage(watch=watch)
            self._begin_chunk(chunked, chunk, line)
        else:
            self.message = Message(watch=watch, refuse_lookalikes=self._refuse_lookalikes)
            self._phase = CONTENT
            self.to_client.append(self._go_ahead)
            # What came in one packet with the 354 was said before any dot: no answer to it.
            self._take_replies()
        self._advance()

    def _begin_chunk(self, message: ChunkedMessage, chunk: bdat.Chunk, line: bytes) -> None:
        message.announce(chunk, line, self.to_next_hop)
        self._may_continue = not chunk.is_last
        if not chunk.is_last:
            self.awaited.append((FOR_OTHER, line))
        elif not message.is_watched:
            self.awaited.append((FOR_DOT, line))
        if message.awaits_octets:
            self._phase = CONTENT
        else:
            self._end_content(message)

    def _take_content(self, message: Message, data: bytes) -> None:
        if self._framer.size and not message.is_lost and awaits_end(self.awaited):
            # A reply has begun that nothing asked for: it must not become the final dot's.
            self._lose_content(message, own_replies.HOP_LOST, Outcome.FAILED)
        scan = message.take(data, self.to_next_hop)
        if scan is SCAN_LOOKALIKE:
            self._lose_content(message, own_replies.LOOKALIKE, Outcome.REFUSED)
            scan = message.take(data, self.to_next_hop)
        if scan is SCAN_END:
            if message.rest:
                self._inbox.feed(message.rest)
            self._end_content(message)
        elif message.is_lost and message.is_endless:
            self._end_message(message)
            self.part(b"")

    def _lose_content(self, message: Message, reply: bytes, outcome: Outcome) -> None:
        """Let go of the next hop; when its content has ended, the client gets what it is owed."""
        self._drop_hop()
        owed = [what if kind >= FOR_OURS else reply for kind, what in self.awaited]
        if message.withholds:
            owed.append(reply)
        self.awaited.clear()
        message.lose(b"".join(owed), outcome)

    def _end_content(self, message: Message) -> None:
        if message.is_lost:
            self._end_message(message)
            self._phase = DOOMED
        elif not message.is_whole:
            self._phase = COMMANDS
        elif message.is_watched:
            self._phase = DOT
            # The replies to earlier chunks come first.
            if not self.awaited:
                self.moment = AT_CONTENT_ENDED
        elif isinstance(message, ChunkedMessage):
            self._phase = COMMANDS
        else:
            # Its terminator went with the content.
            self.awaited.append((FOR_DOT, b""))
            self._phase = COMMANDS

    def release(self) -> None:
        """Answer ``Moment.CONTENT_ENDED``: the final dot goes on, where there still is a hop."""
        self._expect(AT_CONTENT_ENDED)
        assert self.message is not None
        if self._framer.size and not self._hop_left:
            # As in the content: it began before the dot is out.
            self._drop_hop()
            self.message.settle(own_replies.HOP_LOST, Outcome.FAILED)
        if self._hop_left:
            self._phase = DOOMED
            self.moment = AT_REPLIED
        else:
            self.to_next_hop.append(self.message.terminator)
            self.awaited.append((FOR_DOT, b""))
            self._phase = COMMANDS
            self._advance()

    def defer(self) -> None:
        """Answer ``Moment.CONTENT_ENDED``: it could not be recorded, so the dot stays here."""
        self._expect(AT_CONTENT_ENDED)
        message = self.message
        assert message is not None
        self._drop_hop()
        message.settle(own_replies.NOT_RECORDED, Outcome.FAILED)
        self._end_message(message)
        self._phase = DOOMED
        self._advance()

    def answer(self) -> None:
        """Answer ``Moment.REPLIED``: the final reply goes to the client."""
        self._expect(AT_REPLIED)
        message = self.message
        assert message is not None
        self.to_client.append(message.reply)
        self._close_transaction()
        if message.reply.startswith(b"421"):
            self.part(b"")
        elif self._hop_left:
            self._follow_lost_hop()
        elif owes_nothing(self.awaited):
            self._ends_by_unasked()
        self._go_on()

    def _take_final(self, reply: bytes, outcome: Outcome) -> bool:
        """The reply to the dot is known; whether it waits for an answer to ``REPLIED``."""
        message = self.message
        assert message is not None
        message.settle(reply, outcome)
        if message.is_watched:
            self.moment = AT_REPLIED
        else:
            self._end_message(message)
        return message.is_watched

    def _ends_by_unasked(self) -> bool:
        """Whether the next hop has said, or begun to say, what nothing asks for: then it is over.

        Left where it is, it would become the reply to what comes next.
        """
        if not self._framer.size:
            return False
        self.awaited.clear()  # our own answers at most: the end comes before them
        self._take_replies()
        self.part(own_replies.HOP_GONE)
        return True

    def _follow_lost_hop(self) -> None:
        if self.awaited or self._asked:
            self.part(own_replies.HOP_GONE)
        else:
            self._phase = DOOMED

    def _expect(self, moment: Moment) -> None:
        if self.moment is not moment:
            raise LocalProtocolError(f"{self!r} does not stand at {moment.name}")
        self.moment = None
