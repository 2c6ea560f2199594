"""A dialogue as it must go, read from whole streams; a strict next hop; and who drives a session.

Used by ``test_session.py``. Nothing here knows of packets but the one who drives.
"""

import itertools
from dataclasses import dataclass, field

from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import Moment
from gateway.smtp.session import Session

EVERY_BYTE = [-1, 1]
"""A schedule: the hop and the client take turns, a byte each."""

BANNER = b"220 next.example ESMTP\r\n"
GO_AHEAD = b"354 go on\r\n"
EHLO = b"250-next.example\r\n250 CHUNKING\r\n"
POLICY = b"550 5.7.1 not to them\r\n"
OURS = {b"AUTH", b"BURL", b"XCLIENT", b"ETRN", b"TURN", b"ATRN", b"STARTTLS"}
FRESH = {b"MAIL", b"RSET", b"EHLO", b"HELO"}
MEANT = OURS | FRESH | {b"RCPT", b"DATA", b"BDAT", b"QUIT", b"XFORWARD", b"LHLO"}


def lone_dots(content: bytes) -> list[tuple[int, int, bool]]:
    """Every line of one dot by the widest reading: where it begins, ends, and if CRLF bounds it.

    A line end is a CR or an LF, NULs count for nothing. This is what no two servers agree on.
    """
    stream, found = b"\r\n" + content, []
    for dot in (at for at, byte in enumerate(stream) if byte == ord(".")):
        before, behind = stream[:dot].rstrip(b"\0"), stream[dot + 1 :].lstrip(b"\0")
        if before.endswith((b"\r", b"\n")) and behind.startswith((b"\r", b"\n")):
            exact = stream[dot - 2 : dot] == b"\r\n" and stream[dot + 1 : dot + 3] == b"\r\n"
            undecided = stream[dot - 2 : dot] == b"\r\n" and stream[dot + 1 :] == b"\r"
            if not undecided:
                found.append((dot - 2, len(stream) - len(behind) - 2, exact))
    return found


@dataclass
class Model:
    """What must come of a client's whole stream; ``replies`` are the next hop's, in order."""

    replies: "itertools.cycle[bytes]"
    records: bool = True
    asks: bool = False
    most: int = 5000
    hop: bytes = b"EHLO x\r\n"
    client: bytes = BANNER + EHLO
    is_over: bool = False
    has_lookalike: bool = False
    has_chunks: bool = False
    has_mail: bool = False
    recipients: int = 0
    is_spoilt: bool = False

    def run(self, stream: bytes) -> "Model":
        while not self.is_over and b"\r\n" in stream:
            line, _, stream = stream.partition(b"\r\n")
            stream = self.take(line + b"\r\n", stream)
        if not self.is_over and stream.endswith(b"\n"):
            # Nothing more comes: it takes that for the line's end.
            self.client += own_replies.LINE_UNCLEAN
        return self

    def take(self, line: bytes, rest: bytes) -> bytes:
        if any(bad in line[:-2] for bad in (b"\r", b"\n", b"\0")):
            self.client += own_replies.LINE_UNCLEAN
        elif verb_of(line) in OURS or is_nearly_meant(line):
            self.client += own_replies.NOT_OFFERED
        elif verb_of(line) == b"BDAT":
            return self.chunk(line, rest)
        elif verb_of(line) == b"XFORWARD":
            self.client += own_replies.NOT_TRUSTED
        elif verb_of(line) == b"RCPT" and self.recipients >= self.most:
            self.client += own_replies.TOO_MANY_RECIPIENTS
        elif self.asks and is_refused(line):
            self.client += POLICY
        else:
            return self.ask_hop(line, rest, verb_of(line))
        return rest

    def ask_hop(self, line: bytes, rest: bytes, verb: bytes) -> bytes:
        self.hop += line
        reply = next(self.replies)
        if verb == b"DATA" and reply == b"yes":
            if self.has_chunks:
                # Both in one message: nobody knows what the next hop makes of it.
                self.end(own_replies.HOP_GONE)
                return b""
            self.client += GO_AHEAD
            return self.content(rest)
        reply = in_full(reply)
        self.is_spoilt = self.is_spoilt or (verb == b"DATA" and self.has_mail)
        if reply.startswith(b"2") and self.has_chunks and verb == b"RCPT":
            # Nobody has looked at this recipient, and the content is under way.
            self.end(own_replies.NAMED_TOO_LATE)
            return b""
        if reply.startswith(b"2") and verb == b"LHLO":
            self.end(own_replies.NOT_SMTP)
            return b""
        self.client += reply
        if reply.startswith(b"2") and verb in FRESH:
            self.begin(has_mail=verb == b"MAIL")
        elif reply.startswith(b"2") and verb == b"RCPT":
            self.recipients += 1
        if (verb == b"QUIT" and reply.startswith(b"2")) or reply.startswith(b"421"):
            self.end(b"")
        return rest

    def chunk(self, line: bytes, rest: bytes) -> bytes:
        size = line.split()[1]
        if not size.isdigit():
            return self.fail(own_replies.NOT_OFFERED, rest)
        octets, rest = rest[: int(size)], rest[int(size) :]
        is_last = line.split()[2:] == [b"LAST"]
        if self.is_spoilt or not (self.has_mail and self.recipients):
            # The next hop might not count its octets.
            self.client += own_replies.NO_CHUNK_NOW
            return rest
        self.has_chunks = True
        if len(octets) < int(size):
            self.hop += line + octets
            return b""
        if is_last and not self.records:
            # The last octet stays here, or where there is none, the line.
            self.hop += (line + octets[:-1]) if octets else b""
            return self.fail(own_replies.NOT_RECORDED, rest)
        self.hop += line + octets
        reply = in_full(next(self.replies))
        self.client += reply
        self.has_chunks = not is_last and reply.startswith(b"2")
        self.is_spoilt = not reply.startswith(b"2")
        if is_last:
            self.begin()
        if reply.startswith(b"421"):
            self.end(b"")
        return rest

    def content(self, rest: bytes) -> bytes:
        dots = lone_dots(rest)
        if not dots:
            self.hop += rest.removesuffix(b"\r").removesuffix(b".") if is_open(rest) else rest
            return b""
        start, end, exact = dots[0]
        if exact:
            self.hop += rest[:start]
            if not self.records:
                return self.fail(own_replies.NOT_RECORDED, rest[end + 2 :])
            self.hop += b".\r\n"
            self.begin()
            reply = in_full(next(self.replies))
            self.client += reply
            if reply.startswith(b"421"):
                self.end(b"")
            return rest[end + 2 :]
        self.has_lookalike = True
        self.hop += rest[:end]
        real = [dot for dot in dots if dot[2]]
        if real:
            return self.fail(own_replies.LOOKALIKE, rest[real[0][1] + 2 :])
        return b""

    def begin(self, *, has_mail: bool = False) -> None:
        self.has_mail, self.recipients = has_mail, 0
        self.has_chunks = self.is_spoilt = False

    def fail(self, reply: bytes, rest: bytes) -> bytes:
        self.client += reply
        self.end(own_replies.FOLLOWS_FAILURE if rest else b"")
        return b""

    def end(self, last_words: bytes) -> None:
        self.client += last_words
        self.is_over = True


def verb_of(line: bytes) -> bytes:
    return b"".join(line.upper().split()[:1])


def is_nearly_meant(line: bytes) -> bool:
    """Whether a server that skips odd bytes may read a word there that the line's first is not."""
    letters = "".join(chr(byte) if chr(byte).isalpha() and byte < 128 else " " for byte in line)
    words = letters.upper().encode().split()
    return words[:1] != [verb_of(line)] and b"".join(words[:1]) in MEANT


def is_refused(line: bytes) -> bool:
    return verb_of(line) == b"RCPT" and b"mipt" in line


def in_full(reply: bytes) -> bytes:
    return b"250 yes\r\n" if reply == b"yes" else reply


def is_open(content: bytes) -> bool:
    """Whether the content ends in what may become the terminator."""
    return ("\r\n" + content.decode("latin-1")).endswith(("\r\n.", "\r\n.\r"))


@dataclass
class Hop:
    """A strict server: the n-th thing asked of it gets the n-th reply.

    Unless it ``counts_all``, the octets of a chunk that it does not want are commands to it.
    """

    replies: "itertools.cycle[bytes]"
    heard: bytes = b""
    said: bytes = BANNER
    commands: list[bytes] = field(default_factory=list)
    counts_all: bool = True
    has_mail: bool = False
    recipients: int = 0
    _unread: bytes = b""
    _in_content: bool = False
    _has_met: bool = False

    def hear(self, data: bytes) -> None:
        self.heard += data
        self._unread += data
        while True:
            if self._in_content:
                exact = [dot for dot in lone_dots(self._unread) if dot[2]]
                if not exact:
                    return
                self._unread = self._unread[exact[0][1] + 2 :]
                self._in_content = False
                self.say(next(self.replies))
                continue
            line, found, rest = self._unread.partition(b"\r\n")
            wants = self.counts_all or (self.has_mail and self.recipients)
            octets = int(line.split()[1]) if verb_of(line) == b"BDAT" and wants else 0
            if not found or len(rest) < octets:
                return
            self._unread = rest[octets:]
            self.commands.append(line)
            if not self._has_met:
                self._has_met = True
                self.said += EHLO
                continue
            reply = next(self.replies)
            self.note(line, is_success=in_full(reply).startswith(b"2"))
            if verb_of(line) == b"DATA" and reply == b"yes":
                self._in_content = True
                reply = GO_AHEAD
            self.say(reply)

    def note(self, line: bytes, *, is_success: bool) -> None:
        """What it wants of chunks: a failure of theirs, or of DATA's, ends the transaction."""
        verb = verb_of(line)
        if verb == b"RCPT":
            self.recipients += is_success
        elif verb in FRESH and is_success:
            self.has_mail, self.recipients = verb == b"MAIL", 0
        elif verb == b"DATA" or (verb == b"BDAT" and (not is_success or b"LAST" in line)):
            self.has_mail, self.recipients = False, 0

    def say(self, reply: bytes) -> None:
        self.said += in_full(reply)


@dataclass
class Play:
    """Drives a session: who speaks next, and in what pieces, is the schedule's to say."""

    hop: Hop
    watch: bool
    records: bool = True
    session: Session = field(default_factory=Session)
    client: bytes = b""

    def settle(self) -> None:
        """Do what the relay does after every step, until nothing is left to do."""
        session = self.session
        while True:
            self.client += b"".join(session.to_client)
            session.to_client.clear()
            if session.to_next_hop:
                self.hop.hear(b"".join(session.to_next_hop))
                session.to_next_hop.clear()
            if session.moment is Moment.ENVELOPE:
                session.start_content(is_matched=self.watch)
            elif session.moment is Moment.RECIPIENT:
                if b"mipt" in session.recipient_line:
                    session.reject_recipient(POLICY)
                else:
                    session.accept_recipient()
            elif session.moment is Moment.CONTENT_ENDED:
                (session.release_dot if self.records else session.defer_message)()
            elif session.moment is Moment.REPLIED:
                session.send_final_reply()
            else:
                return

    def run(self, stream: bytes, schedule: list[int]) -> "Play":
        """``schedule``: positive sizes are the client's next bytes, negative the hop's."""
        self.session.receive_from_next_hop(BANNER)
        self.session.receive_from_client(b"EHLO x\r\n")
        self.settle()
        self.session.receive_from_next_hop(EHLO)
        said = len(BANNER + EHLO)
        turns = itertools.cycle(schedule) if schedule is EVERY_BYTE else iter(schedule)
        while True:
            if not stream and said == len(self.hop.said):
                self.settle()
                if said == len(self.hop.said):
                    self.session.take_turn()
                    self.settle()
                    return self
            size = next(turns, 0)
            self.settle()
            if size > 0 and stream:
                self.session.receive_from_client(stream[:size])
                stream = stream[size:]
            elif size < 0 and said < len(self.hop.said):
                piece = self.hop.said[said : said - size]
                said += len(piece)
                self.session.receive_from_next_hop(piece)
            elif size == 0 and said < len(self.hop.said):
                # The schedule is used up: all that is left, the hop's first.
                piece, said = self.hop.said[said:], len(self.hop.said)
                self.session.receive_from_next_hop(piece)
            elif size == 0:
                self.session.receive_from_client(stream)
                stream = b""
