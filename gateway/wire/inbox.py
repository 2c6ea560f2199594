"""What the client has said and nobody has taken yet: bytes, cut into command lines on demand."""

from __future__ import annotations

from gateway.wire.command import LINE_LIMIT


class Inbox:
    """Holds the client's bytes in order.

    A line ends at CRLF and nowhere else (RFC 5321 section 2.3.8): a bare LF is a byte of the
    line it stands in, so that one line here can never be two at the next hop.
    """

    __slots__ = ("_at", "_buffer", "_is_overlong", "_skip")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._skip = 0
        self._is_overlong = False

    def __len__(self) -> int:
        return len(self._buffer) - self._at

    @property
    def is_idle(self) -> bool:
        """Whether what comes next is the beginning of a line, and nothing is held."""
        return not (self or self._skip or self._is_overlong)

    def feed(self, data: bytes) -> None:
        """Take bytes from the client."""
        self._buffer = self._buffer[self._at :] + data if self else data
        self._at = 0

    def take(self) -> bytes:
        """Hand over all that is held."""
        data = self._buffer[self._at :] if self._at else self._buffer
        self._buffer, self._at = b"", 0
        return data

    def skip(self, octets: int) -> None:
        """Throw away that many octets before the next line, as they come."""
        self._skip += octets

    def next_line(self) -> bytes | None:
        """The next whole line with its CRLF; ``b""`` for one over the limit; ``None``: not yet."""
        if self._skip:
            dropped = min(self._skip, len(self))
            self._at += dropped
            self._skip -= dropped
        start = self._at
        end = self._buffer.find(b"\r\n", start)
        if end < 0:
            # Its bytes are not kept: a line without an end must not fill the memory.
            if len(self) >= LINE_LIMIT or (self._is_overlong and self):
                self._is_overlong = True
                self._buffer, self._at = self._buffer[-1:].replace(b"\n", b""), 0
            return None
        self._at = end + 2
        if self._is_overlong or self._at - start > LINE_LIMIT:
            self._is_overlong = False
            return b""
        return self._buffer[start : self._at]
