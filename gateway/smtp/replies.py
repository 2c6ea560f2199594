"""SMTP replies, RFC 5321 section 4.2: framed as they come, read only where someone asks.

The relay hands on the bytes of a reply; most are never parsed beyond their code.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import RemoteProtocolError
from gateway.model import Reply

REPLY_LIMIT = 66048
"""Bytes of one whole reply: a line of 64 KB and its code, or sixty lines many times over. RFC 5321
section 4.5.3.1.5 asks for lines of 512, and real servers pass that; an endless reply does not fit.
"""

SHORTENED_LIMIT = 512
"""Bytes that are left of a reply which is longer than that, as RFC 5321 has them in a line."""

# Code, then a hyphen (more lines follow), a space, or nothing.
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?\r\n", re.ASCII)
_BEGUN = re.compile(rb"([2-5][0-9]{2})[ -]([\x20-\x7e]{0,%d})" % (SHORTENED_LIMIT - 6))
# Behind the server's name: "LMTP" as a word, as Cyrus, Dovecot and Postfix's smtp-sink say it.
_LMTP = re.compile(rb"2[0-9]{2}[ -]\S+(?= (?:.*[ (])?LMTP\b)", re.IGNORECASE)
_SMTP = re.compile(rb"[ (]E?SMTP\b", re.IGNORECASE)
_ENHANCED = re.compile(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |\r)", re.ASCII)


# Nearly every packet of a server's is one whole reply of one line: known by its first four bytes.
_SINGLE: Final = {b"%d " % code: code for code in range(200, 600)}


def single_line_code(data: bytes) -> int:
    """The code, where the bytes are one reply of one line and nothing else; otherwise 0."""
    size = len(data)
    # Of CR and LF only those at its end.
    if data.endswith(b"\r\n") and len(data.translate(None, b"\r\n")) == size - 2 < REPLY_LIMIT:
        return _SINGLE.get(data[:4], 0)
    return 0


def is_lmtp_banner(raw: bytes) -> bool:
    """Whether a server says at its greeting that it speaks LMTP (RFC 2033), and no SMTP."""
    if b"LMTP" not in raw.upper():
        return False  # as nearly every server's
    match = _LMTP.match(raw)
    return match is not None and _SMTP.search(raw, match.end()) is None


class ReplyFramer:
    """Cuts what a server says into replies, whatever packets it comes in.

    :meth:`next` gives ``(code, raw)`` or ``None`` where more bytes are needed; ``raw`` is the
    reply as it came. A line that is no reply, a code that changes within a reply, and sizes past
    the limits raise :class:`RemoteProtocolError`.
    """

    __slots__ = ("_begin", "_buffer", "_code", "_end", "_is_too_long", "size")

    def __init__(self) -> None:
        self.size = 0
        """Bytes taken and not yet given out."""
        self._buffer = b""
        self._code = b""  # of the reply whose first lines are framed
        self._begin = 0  # where it begins: a packet may hold thousands, and is cut once
        self._end = 0  # where those lines end
        self._is_too_long = False

    def feed(self, data: bytes) -> None:
        """Take bytes from the server."""
        self._buffer = self._buffer[self._begin :] + data if self.size else data
        self._end -= self._begin
        self._begin = 0
        self.size = len(self._buffer)

    def next(self) -> tuple[int, bytes] | None:
        """The next whole reply as ``(code, raw)``; ``None``: more bytes are needed.

        Raises :class:`RemoteProtocolError` for what is no SMTP reply, and past the limits.
        """
        while (match := _LINE.match(self._buffer, self._end)) is not None:
            code, more = match[1], match[2] == b"-"
            if self._code and code != self._code:
                raise RemoteProtocolError("the code changes within a reply")
            self._end = match.end()
            if self._end > REPLY_LIMIT:
                self._check_length(self._end - self._begin)
            if more:
                self._code = code
                continue
            raw = self._buffer[self._begin : self._end]
            self._code, self._begin, self.size = b"", self._end, len(self._buffer) - self._end
            if not self.size:
                self._buffer, self._begin, self._end = b"", 0, 0
            return int(code), raw
        self._check_what_is_left()
        return None

    def _check_what_is_left(self) -> None:
        """Whether the bytes that make no line yet can still become one."""
        if self._buffer.find(b"\n", self._end) >= 0:
            raise RemoteProtocolError("a line is no SMTP reply")
        self._check_length(self.size + 1)

    def _check_length(self, size: int) -> None:
        if size > REPLY_LIMIT:
            self._is_too_long = True
            raise RemoteProtocolError("a reply is too long")

    def shortened(self) -> bytes:
        """Of a reply that is too long: the beginning of its first line, as a line of its own.

        ``b""`` where it was not that which is wrong with it.
        """
        begun = _BEGUN.match(self._buffer, self._begin) if self._is_too_long else None
        return b"" if begun is None else begun[1] + b" " + begun[2] + b"\r\n"


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
