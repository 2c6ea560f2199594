"""A next hop that takes whatever it is offered, keeps every byte, and is as strict as can be."""

import re

BANNER = b"220 next.example ESMTP\r\n"
EHLO = b"250-next.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n"
GO_AHEAD = b"354 go on\r\n"
OK = b"250 2.1.0 Ok\r\n"
QUEUED = b"250 2.0.0 Ok: queued\r\n"
BYE = b"221 2.0.0 Bye\r\n"
USUAL = {b"DATA": GO_AHEAD, b"EHLO": EHLO, b"QUIT": BYE}
LAST_LINE = re.compile(rb"(?:^|\r\n)\.\r\n")


class Hop:
    """Bytes in, replies out: CRLF ends a line, CRLF.CRLF a message, and nothing else does."""

    def __init__(self, scripted: dict[bytes, bytes] | None = None) -> None:
        """``scripted`` replies to commands by their first four letters, ``b"."`` to the dot."""
        self.heard = b""
        self.scripted = scripted or {}
        self._unread = b""
        self._in_content = False

    def hear(self, data: bytes) -> bytes:
        self.heard += data
        self._unread += data
        said = b""
        while True:
            if self._in_content:
                if (end := LAST_LINE.search(self._unread)) is None:
                    return said
                self._unread, self._in_content = self._unread[end.end() :], False
                said += self.scripted.get(b".", QUEUED)
                continue
            line, found, rest = self._unread.partition(b"\r\n")
            if not found:
                return said
            self._unread, verb = rest, line[:4].upper()
            self._in_content = verb == b"DATA"
            said += self.scripted.get(verb) or USUAL.get(verb, OK)
