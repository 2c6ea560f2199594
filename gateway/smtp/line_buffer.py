"""What the client has said and nobody has taken yet: bytes, cut into command lines on demand."""

from __future__ import annotations

from gateway.smtp.commands import LINE_LIMIT


class LineBuffer:
    """Holds the client's bytes in order.

    A line ends at CRLF and nowhere else (RFC 5321 section 2.3.8): a bare LF is a byte of the
    line it stands in, so that one line here can never be two at the next hop.
    """

    __slots__ = ("_at", "_buffer", "_is_overlong", "_skip", "ends_bare", "is_idle", "size")

    def __init__(self) -> None:
        self.size = 0
        """Bytes held."""
        self.is_idle = True
        """Whether what comes next is the beginning of a line, and nothing is held."""
        self.ends_bare = False
        """Whether no line is whole, and what is held of one ends in a bare LF."""
        self._buffer = b""
        self._at = 0
        self._skip = 0
        self._is_overlong = False

    def feed(self, data: bytes) -> None:
        """Take bytes from the client."""
        self._buffer = self._buffer[self._at :] + data if self.size else data
        self._at = 0
        self.size = len(self._buffer)
        self.is_idle = self.ends_bare = False

    def take(self) -> bytes:
        """Hand over all that is held."""
        data = self._buffer[self._at :] if self._at else self._buffer
        self._buffer, self._at, self.size = b"", 0, 0
        self.ends_bare = False
        self.is_idle = not (self._skip or self._is_overlong)
        return data

    def drop_line(self) -> None:
        """Throw away the line that has begun: what comes next begins another."""
        self.take()
        self._is_overlong = False
        self.is_idle = not self._skip

    def skip(self, octets: int) -> None:
        """Throw away that many octets before the next line, as they come."""
        self._skip += octets
        self.is_idle = False

    def next_line(self) -> bytes | None:
        """The next whole line with its CRLF; ``b""`` for one over the limit; ``None``: not yet."""
        if self._skip:
            dropped = min(self._skip, self.size)
            self._at += dropped
            self.size -= dropped
            self._skip -= dropped
        start = self._at
        end = self._buffer.find(b"\r\n", start)
        if end < 0:
            self.ends_bare = self.size > 0 and self._buffer.endswith(b"\n")
            # Its bytes are not kept: a line without an end must not fill the memory.
            if self.size >= LINE_LIMIT or (self._is_overlong and self.size):
                self._is_overlong = True
                self._buffer, self._at = self._buffer[-1:].replace(b"\n", b""), 0
                self.size = len(self._buffer)
            self.is_idle = not (self.size or self._skip or self._is_overlong)
            return None
        self._at = end + 2
        self.size -= self._at - start
        self.is_idle = not self.size
        if self._is_overlong or self._at - start > LINE_LIMIT:
            self._is_overlong = False
            return b""
        return self._buffer[start : self._at]
