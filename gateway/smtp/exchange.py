"""What lies between a client and its next hop: bytes for either, replies owed, and the end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import (
    AT_REPLIED,
    AT_STARTTLS,
    COMMANDS,
    CONTENT,
    DOT,
    FOR_BANNER,
    FOR_QUIT,
    GREETING,
    OVER,
    Moment,
)
from gateway.smtp.line_buffer import Inbox
from gateway.smtp.pending_replies import has_dot
from gateway.smtp.replies import ReplyFramer
from gateway.smtp.transaction import Transaction

if TYPE_CHECKING:
    from gateway.model import Outcome
    from gateway.smtp.message import Message
    from gateway.smtp.pending_replies import Awaited

HELD_LIMIT: Final = 65536
"""Bytes of either side that are held before its reading pauses."""

AWAITED_LIMIT: Final = 2000
"""Commands in flight before the client's reading pauses: 1,000 recipients twice over."""


class Exchange:
    """The state of a dialogue, what its owner reads from it, and how it is ended."""

    __slots__ = (
        "_asked",
        "_client_left",
        "_draining",
        "_framer",
        "_hop_left",
        "_inbox",
        "_is_last_hop",
        "_phase",
        "awaited",
        "drop_next_hop",
        "is_crowded",
        "is_over",
        "message",
        "moment",
        "tally",
        "to_client",
        "to_next_hop",
        "transaction",
    )

    def __init__(self) -> None:
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
        self.awaited: Awaited = deque([(FOR_BANNER, b"")])
        """The replies still to come."""
        self.is_crowded = False
        """Whether one of the sides may have said more than there is room for: ask which."""
        self._phase = GREETING
        self._framer = ReplyFramer()
        self._inbox = Inbox()
        self._asked = b""  # a command that waits: the RCPT asked about, or the first BDAT
        self._is_last_hop = True
        self._client_left = False
        self._hop_left = False
        self._draining = False

    def __repr__(self) -> str:
        awaited = "".join(f" {kind.name}" for kind, _ in self.awaited)
        moment = f" {self.moment.name}" if self.moment else ""
        return f"<Session {self._phase.name}{moment}{awaited}>"

    @property
    def wants_client(self) -> bool:
        """Whether there is room for more of the client's bytes."""
        return self._inbox.size < HELD_LIMIT and len(self.awaited) < AWAITED_LIMIT

    @property
    def wants_next_hop(self) -> bool:
        """Whether there is room for more of the next hop's bytes."""
        return self._framer.size < HELD_LIMIT

    def measure(self) -> None:
        """Find out whether it ``is_crowded``."""
        self.is_crowded = not (self.wants_client and self.wants_next_hop)

    def meet(self, *, is_last: bool) -> None:
        """A next hop is connected and has said nothing yet; ``is_last``: no other can be tried."""
        if self._framer.size:
            # Of a hop before it, which broke off in the middle of a reply.
            self._framer = ReplyFramer()
        self._is_last_hop = is_last
        self._hop_left = self.drop_next_hop = False

    @property
    def takes_content(self) -> bool:
        """Whether it is for the client to speak: content of its message is still to come."""
        return self._phase is CONTENT

    @property
    def step(self) -> str:
        """How far the dialogue has come, in words for a log."""
        if self._phase is GREETING:
            return "greeting"
        if self._phase is CONTENT:
            return "content"
        if self._phase is DOT:
            return "before the dot"
        if self.moment is AT_REPLIED or has_dot(self.awaited):
            return "behind the dot"
        return "envelope" if self.awaited or self.transaction.is_open else "between messages"

    @property
    def hop_may_leave(self) -> bool:
        """Whether what it said to QUIT waits for its turn: then it closes as it should."""
        is_heard = self.moment is None or not self._framer.size
        return not is_heard and any(kind is FOR_QUIT for kind, _ in self.awaited)

    @property
    def needs_hop(self) -> bool:
        """Whether the greeting still waits for a next hop that gives one."""
        return self._phase is GREETING and self._hop_left

    def _meet_starttls(self) -> None:
        """Our 220 to STARTTLS has its turn."""
        if self.transaction.is_open:
            # The next hop knows nothing of our TLS: what was said in the clear would stand there.
            self.to_client[-1] = own_replies.TLS_NOT_NOW
            self._phase = COMMANDS
        else:
            self.moment = AT_STARTTLS

    def _drop_hop(self) -> None:
        self._hop_left = self.drop_next_hop = True

    def _end_message(self, message: Message) -> None:
        """Close the books on a message about which nobody was asked."""
        self.tally.append(message.outcome)
        self.to_client.append(message.reply)
        self._close_transaction()

    def _close_transaction(self) -> None:
        self.transaction.close()
        self.message = None

    def _leave_if_idle(self) -> None:
        """The client left, or the process is draining: end where nothing is under way."""
        if self.is_over or self.moment is not None:
            return
        if self._client_left:
            # Content that is held may hold its end too: it is looked at first.
            if not (self._inbox.size if self._phase is CONTENT else self.awaited):
                self.part(b"")
        elif self._phase is GREETING or not (self.awaited or self.transaction.is_open):
            self.part(own_replies.CLOSING)

    def part(self, last_words: bytes) -> None:
        """End the dialogue on both sides."""
        self._phase = OVER
        if self.is_over:
            return
        if last_words:
            self.to_client.append(last_words)
        self.awaited.clear()
        self._asked = b""
        self._drop_hop()
        self.is_over = True
