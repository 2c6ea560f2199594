"""SMTP replies, RFC 5321 section 4.2: framed as they come, read only where someone asks.

The relay hands on the bytes of a reply; most are never parsed beyond their code.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import RemoteProtocolError
from gateway.model import Reply

LINE_LIMIT = 8192
"""Bytes of one reply line. RFC 5321 section 4.5.3.1.5 asks for 512; real servers pass it."""

REPLY_LIMIT = 65536
"""Bytes of one whole reply: sixty lines fit many times, an endless reply does not."""

# Code, then a hyphen (more lines follow), a space, or nothing.
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?\r\n", re.ASCII)
_ENHANCED = re.compile(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |\r)", re.ASCII)


# Nearly every packet of a server's is one whole reply of one line: known by its first four bytes.
_SINGLE: Final = {b"%d " % code: code for code in range(200, 600)}


def single_line_code(data: bytes) -> int:
    """The code, where the bytes are one reply of one line and nothing else; otherwise 0."""
    size = len(data)
    # Of CR and LF only those at its end.
    if data.endswith(b"\r\n") and len(data.translate(None, b"\r\n")) == size - 2 < LINE_LIMIT:
        return _SINGLE.get(data[:4], 0)
    return 0


class ReplyFramer:
    """Cuts what a server says into replies, whatever packets it comes in.

    :meth:`next` gives ``(code, raw)`` or ``None`` where more bytes are needed; ``raw`` is the
    reply as it came. A line that is no reply, a code that changes within a reply, and sizes past
    the limits raise :class:`RemoteProtocolError`.
    """

    __slots__ = ("_buffer", "_code", "_end", "size")

    def __init__(self) -> None:
        self.size = 0
        """Bytes taken and not yet given out."""
        self._buffer = b""
        self._code = b""  # of the reply whose first lines are framed
        self._end = 0  # where those lines end

    def feed(self, data: bytes) -> None:
        """Take bytes from the server."""
        self._buffer = self._buffer + data if self._buffer else data
        self.size = len(self._buffer)

    def next(self) -> tuple[int, bytes] | None:
        """The next whole reply as ``(code, raw)``; ``None``: more bytes are needed.

        Raises :class:`RemoteProtocolError` for what is no SMTP reply, and past the limits.
        """
        while (match := _LINE.match(self._buffer, self._end)) is not None:
            code, more = match[1], match[2] == b"-"
            if self._code and code != self._code:
                raise RemoteProtocolError("the code changes within a reply")
            if match.end() - self._end > LINE_LIMIT or match.end() > REPLY_LIMIT:
                raise RemoteProtocolError("a reply is too long")
            if more:
                self._code, self._end = code, match.end()
                continue
            raw, self._buffer = self._buffer[: match.end()], self._buffer[match.end() :]
            self._code, self._end, self.size = b"", 0, len(self._buffer)
            return int(code), raw
        self._check_what_is_left()
        return None

    def _check_what_is_left(self) -> None:
        """Whether the bytes that make no line yet can still become one."""
        if b"\n" in self._buffer[self._end :]:
            raise RemoteProtocolError("a line is no SMTP reply")
        if len(self._buffer) - self._end > LINE_LIMIT or len(self._buffer) >= REPLY_LIMIT:
            raise RemoteProtocolError("a reply is too long")


def parse(raw: bytes) -> Reply:
    """Read a framed reply. The enhanced code (RFC 2034) is the first line's."""
    enhanced = _ENHANCED.match(raw, 4)
    return Reply(
        code=int(raw[:3]),
        enhanced=enhanced[1].decode("ascii") if enhanced else None,
        lines=tuple(raw.splitlines(keepends=True)),
    )


def queue_id(reply: Reply) -> str | None:
    """The id under which the server queued a message, where its final reply tells one.

    There is no standard for it: Postfix says ``queued as ID``, Exim ``id=ID``, Sendmail
    ``ID Message accepted``, Exchange ``InternalId=…``.
    """
    match = _QUEUE_ID.search(reply.text)
    return next(filter(None, match.groups()), None) if match else None


_QUEUE_ID = re.compile(
    r"\bqueued as ([A-Za-z0-9._-]{1,64})"
    r"|\bid=([A-Za-z0-9._-]{1,64})"
    r"|\b([A-Za-z0-9]{8,32}) Message accepted"
    r"|\bInternalId=([0-9]{1,32})"
)
