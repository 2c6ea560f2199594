"""One message's content under way: to the next hop, or to nowhere."""

from __future__ import annotations

from gateway.model import Outcome
from gateway.smtp.content import SCAN_END, TERMINATOR, ContentScanner, HeaderCapture, Scan

SWALLOW_LIMIT = 1 << 30
"""Bytes of content that are read to their end only to be thrown away."""


class Message:
    """The content between DATA's 354 and the final dot.

    ``header`` is captured for a watched message and for no other. ``is_lost`` means that the
    next hop gets no more of it: what comes is swallowed, and ``reply`` is decided.
    """

    __slots__ = (
        "_scanner",
        "_swallowed",
        "header",
        "is_lost",
        "outcome",
        "reply",
        "rest",
        "terminator",
    )

    def __init__(self, *, watch: bool, refuse_lookalikes: bool) -> None:
        self._scanner = ContentScanner(refuse_lookalikes=refuse_lookalikes)
        self._swallowed = 0
        self.header = HeaderCapture() if watch else None
        self.is_lost = False
        self.outcome = Outcome.PENDING
        self.reply = b""
        self.rest = b""
        """Behind the final dot: what follows it."""
        self.terminator = TERMINATOR
        """What is withheld of a watched message until its release."""

    @property
    def is_whole(self) -> bool:
        """Whether ``Scan.END`` was the message's end."""
        return True

    @property
    def withholds(self) -> bool:
        """Whether its reply is not among the awaited ones before its end has gone on."""
        return True

    @property
    def is_watched(self) -> bool:
        """Whether the final dot needs a release, and the reply a settlement."""
        return self.header is not None

    def take(self, data: bytes, to_next_hop: list[bytes]) -> Scan:
        """Pass on what may go on; ``Scan.LOOKALIKE`` passes nothing: :meth:`lose` it, take again.

        ``Scan.END`` leaves ``rest``; the terminator is passed unless the message is watched.
        """
        scanner = self._scanner
        scan = scanner.feed(data)
        if scan is SCAN_END:
            self.rest = scanner.rest
        if self.is_lost:
            self._swallowed += len(data)
        elif self.header is not None:
            if passed := scanner.passed:
                to_next_hop.append(passed)
                self.header.feed(passed)
        elif passed := scanner.ended if scan is SCAN_END else scanner.passed:
            # In one piece: the last chunk with its terminator is neither copied nor written twice.
            to_next_hop.append(passed)
        scanner.forget()
        return scan

    def lose(self, reply: bytes, outcome: Outcome) -> None:
        """The next hop gets no more; the client gets this reply when its content has ended."""
        self.is_lost = True
        self.settle(reply, outcome)
        self._scanner.tolerate()

    def settle(self, reply: bytes, outcome: Outcome) -> None:
        """The final reply is known."""
        self.reply, self.outcome = reply, outcome

    @property
    def is_endless(self) -> bool:
        """Whether more was swallowed than is sensible."""
        return self._swallowed > SWALLOW_LIMIT
