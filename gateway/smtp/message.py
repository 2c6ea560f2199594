"""One message's content under way: to the next hop, or to nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.model import Outcome
from gateway.smtp.content import SCAN_END, TERMINATOR, ContentScanner, HeaderCapture, Scan

if TYPE_CHECKING:
    from gateway.smtp.bdat import BdatChunk

SWALLOW_LIMIT = 1 << 30
"""Bytes of content that are read to their end only to be thrown away."""


class Message:
    """The content between DATA's 354 and the final dot.

    ``header`` is captured for a matched message and for no other. ``is_abandoned`` means that the
    next hop gets no more of it: what comes is swallowed, and ``reply`` is decided.
    """

    __slots__ = (
        "_scanner",
        "_swallowed",
        "header",
        "is_abandoned",
        "outcome",
        "reply",
        "rest",
        "terminator",
    )

    def __init__(self, *, is_matched: bool, refuse_lookalikes: bool) -> None:
        self._scanner = ContentScanner(refuse_lookalikes=refuse_lookalikes)
        self._swallowed = 0
        self.header = HeaderCapture() if is_matched else None
        self.is_abandoned = False
        self.outcome = Outcome.PENDING
        self.reply = b""
        self.rest = b""
        """Behind the final dot: what follows it."""
        self.terminator = TERMINATOR
        """What is withheld of a matched message until its release."""

    @property
    def is_whole(self) -> bool:
        """Whether ``Scan.END`` was the message's end."""
        return True

    @property
    def withholds(self) -> bool:
        """Whether its reply is not among the awaited ones before its end has gone on."""
        return True

    @property
    def is_matched(self) -> bool:
        """Whether the final dot needs a release, and the reply a settlement."""
        return self.header is not None

    def pass_on(self, data: bytes, to_next_hop: list[bytes]) -> Scan:
        """Pass on what may go on.

        ``Scan.LOOKALIKE`` passes nothing: :meth:`abandon` it, and pass the same bytes again.

        ``Scan.END`` leaves ``rest``; the terminator is passed unless the message is matched.
        """
        scanner = self._scanner
        scan = scanner.feed(data)
        if scan is SCAN_END:
            self.rest = scanner.rest
        if self.is_abandoned:
            self._swallowed += len(data)
        elif self.header is not None:
            if passed := scanner.passed:
                to_next_hop.append(passed)
                self.header.feed(passed)
        elif passed := scanner.ended if scan is SCAN_END else scanner.passed:
            # In one piece: the last chunk with its terminator is neither copied nor written twice.
            to_next_hop.append(passed)
        scanner.clear()
        return scan

    def abandon(self, reply: bytes, outcome: Outcome) -> None:
        """The next hop gets no more; the client gets this reply when its content has ended."""
        self.is_abandoned = True
        self.set_reply(reply, outcome)
        self._scanner.ignore_lookalikes()

    def set_reply(self, reply: bytes, outcome: Outcome) -> None:
        """The final reply is known."""
        self.reply, self.outcome = reply, outcome

    @property
    def is_too_long_to_swallow(self) -> bool:
        """Whether more was swallowed than is sensible."""
        return self._swallowed > SWALLOW_LIMIT


class ChunkedMessage(Message):
    """Its octets go on as they are. Of a matched one the last octet is withheld, as a dot would be.

    Where the last chunk is empty, that is its command line.
    """

    __slots__ = ("_is_last", "_left")

    def __init__(self, *, is_matched: bool) -> None:
        super().__init__(is_matched=is_matched, refuse_lookalikes=False)
        self._left = 0
        self._is_last = False

    @property
    def is_whole(self) -> bool:
        """Whether the last chunk has ended."""
        return self._is_last and not self._left

    @property
    def withholds(self) -> bool:
        """Whether its reply is not among the awaited ones before its end has gone on."""
        return self.is_matched and self._is_last

    @property
    def awaits_octets(self) -> bool:
        """Whether the chunk that was announced has octets to come."""
        return bool(self._left)

    def announce(self, chunk: BdatChunk, line: bytes, to_next_hop: list[bytes]) -> None:
        """A chunk begins: pass its command line on, unless that is what must be withheld."""
        self._left, self._is_last = chunk
        if self.is_matched and self._is_last and not self._left:
            self.terminator = line
        else:
            to_next_hop.append(line)

    def pass_on(self, data: bytes, to_next_hop: list[bytes]) -> Scan:
        """Pass on octets of the chunk; ``Scan.END`` is the chunk's end, and leaves ``rest``."""
        taken, self.rest = data[: self._left], data[self._left :]
        self._left -= len(taken)
        if self.is_abandoned:
            self._swallowed += len(taken)
        else:
            if self.is_matched and self.is_whole:
                taken, self.terminator = taken[:-1], taken[-1:]
            if taken:
                to_next_hop.append(taken)
            if self.header is not None:
                self.header.feed(taken)
        return Scan.MORE if self._left else Scan.END

    def abandon(self, reply: bytes, outcome: Outcome) -> None:
        """The next hop gets no more; the client gets this reply when the chunk has ended."""
        self.is_abandoned = True
        self.set_reply(reply, outcome)
