"""A strict next hop that remembers every byte, and answers as a script says."""

import socketserver
import threading

PATIENCE = 30
EHLO = b"250-next.example greets you\r\n"


class Recorder(socketserver.StreamRequestHandler):
    """A strict next hop: CRLF ends a line, CRLF.CRLF a message, and nothing else does either."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.heard = self.server.heard
        has_ended = self.server.has_ended
        self.has_mail = self.recipients = self.messages = 0
        try:
            if self.answer(b"banner", b"220 next.example ESMTP\r\n"):
                while (line := self.line()) and self.take(line):
                    pass
        except ConnectionError:
            pass
        has_ended.set()

    def line(self) -> bytes:
        line = b""
        while not line.endswith(b"\r\n"):
            more = self.rfile.readline()
            if not more:
                return b""
            self.heard += more
            line += more
        return line

    def take(self, line: bytes) -> bool:
        words = line.upper().split() or [b""]
        method = getattr(self, words[0].decode("latin-1").lower() + "_", None)
        reply = b"500 5.5.2 Error: command not recognised\r\n"
        reply = method(line, words) if method else reply
        is_content = reply.startswith(b"354")
        scripted = self.scripted(line)
        if not self.answer_with(reply if scripted is None else scripted):
            return False
        if is_content and scripted is None:
            return self.content()
        return words[0] != b"QUIT"

    def scripted(self, line: bytes) -> bytes | None:
        script = self.server.script
        return next((reply for begins, reply in script if line.startswith(begins)), None)

    def answer(self, what: bytes, usual: bytes) -> bool:
        reply = self.scripted(what)
        return self.answer_with(usual if reply is None else reply)

    def answer_with(self, reply: bytes) -> bool:
        if reply == b"(close)":
            return False
        if reply != b"(nothing)":
            self.wfile.write(reply if reply.endswith(b"\r\n") else reply + b"\r\n")
        return True

    def content(self) -> bool:
        self.has_mail = self.recipients = 0
        while (line := self.line()) != b".\r\n":
            if not line:
                return False
        self.messages += 1
        return self.answer(b"content", b"250 2.0.0 Ok: queued as 4NEXT%d\r\n" % self.messages)

    def ehlo_(self, line, words) -> bytes:
        self.has_mail = self.recipients = 0
        keywords = (
            *("PIPELINING", "SIZE 52428800", "VRFY", "ETRN", "STARTTLS", "AUTH PLAIN LOGIN"),
            *("ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"),
        )
        said = self.scripted(b"keywords")
        lines = said.split(b",") if said else [word.encode() for word in keywords]
        return EHLO + b"".join(b"250-%s\r\n" % k for k in lines[:-1]) + b"250 %s\r\n" % lines[-1]

    def helo_(self, line, words) -> bytes:
        self.has_mail = self.recipients = 0
        return b"250 next.example\r\n"

    def mail_(self, line, words) -> bytes:
        if self.has_mail:
            return b"503 5.5.1 Error: nested MAIL command\r\n"
        self.has_mail = 1
        return b"250 2.1.0 Ok\r\n"

    def rcpt_(self, line, words) -> bytes:
        if not self.has_mail:
            return b"503 5.5.1 Error: need MAIL command\r\n"
        if not self.scripted(line):
            self.recipients += 1
        return b"250 2.1.5 Ok, number %d\r\n" % self.recipients

    def data_(self, line, words) -> bytes:
        if not self.recipients:
            return b"554 5.5.1 Error: no valid recipients\r\n"
        return b"354 End data with <CR><LF>.<CR><LF>\r\n"

    def rset_(self, line, words) -> bytes:
        self.has_mail = self.recipients = 0
        return b"250 2.0.0 Ok\r\n"

    def bdat_(self, line, words) -> bytes:
        if b"CHUNKING" not in (self.scripted(b"keywords") or b"CHUNKING"):
            return b"502 5.5.1 not here\r\n"
        self.heard += self.rfile.read(int(words[1]))
        if not self.recipients:
            return b"503 5.5.1 Error: no valid recipients\r\n"
        if words[2:] != [b"LAST"]:
            return b"250 2.0.0 Ok, %s octets\r\n" % words[1]
        self.has_mail = self.recipients = 0
        self.messages += 1
        return self.scripted(b"content") or b"250 2.0.0 Ok: queued as 4NEXT%d\r\n" % self.messages

    def noop_(self, line, words) -> bytes:
        return b"250 2.0.0 Ok\r\n"

    def vrfy_(self, line, words) -> bytes:
        return b"252 2.0.0 whoever that is\r\n"

    def help_(self, line, words) -> bytes:
        return b"214-2.0.0 I can\r\n214-\r\n214   2.0.0 help\r\n"

    def xforward_(self, line, words) -> bytes:
        is_offered = b"XFORWARD" in (self.scripted(b"keywords") or b"")
        return b"250 2.0.0 Ok, noted\r\n" if is_offered else b"502 5.5.1 not here\r\n"

    def quit_(self, line, words) -> bytes:
        return b"221 2.0.0 Bye\r\n"


class RecordingHop(socketserver.ThreadingTCPServer):
    """The next hop's listening side; one session at a time is of interest."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Recorder)
        self.begin([])

    def begin(self, script: list[tuple[bytes, bytes]]) -> None:
        """The next session follows this script."""
        self.script = script
        self.heard = bytearray()
        self.has_ended = threading.Event()

    def last_heard(self) -> bytes:
        """All bytes of the session when it has ended."""
        assert self.has_ended.wait(PATIENCE), "the next hop's session does not end"
        return bytes(self.heard)
