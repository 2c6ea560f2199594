"""The session against a model of it that reads whole streams, in any order and any pieces.

The model knows nothing of packets. Whatever the schedule, the client must see exactly the replies
that the model gives, and the next hop exactly the bytes; and whatever nonsense either side says,
nothing may come of it but a reply or an end.
"""

import itertools
from dataclasses import dataclass, field

from hypothesis import event, example, given
from hypothesis import strategies as st

from gateway.model import Outcome
from gateway.wire import answers
from gateway.wire.phase import Moment
from gateway.wire.reply import ReplyFramer
from gateway.wire.session import Session

BANNER = b"220 next.example ESMTP\r\n"
GO_AHEAD = b"354 go on\r\n"
OURS = {b"AUTH", b"BURL", b"XCLIENT", b"ETRN", b"TURN", b"ATRN", b"STARTTLS", b"BDAT"}


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
    hop: bytes = b""
    client: bytes = BANNER
    is_over: bool = False
    has_lookalike: bool = False

    def run(self, stream: bytes) -> "Model":
        while not self.is_over and b"\r\n" in stream:
            line, _, stream = stream.partition(b"\r\n")
            stream = self.take(line + b"\r\n", stream)
        return self

    def take(self, line: bytes, rest: bytes) -> bytes:
        words = line.split()
        if any(bad in line[:-2] for bad in (b"\r", b"\n", b"\0")):
            self.client += answers.LINE_UNCLEAN
        elif words and words[0].upper() in OURS:
            self.client += answers.NOT_OFFERED
            if words[0].upper() == b"BDAT":
                if len(words) < 2 or not words[1].isdigit():
                    self.end(answers.FOLLOWS_FAILURE if rest else b"")
                    return b""
                return rest[int(words[1]) :]
        elif words and words[0].upper() == b"XFORWARD":
            self.client += answers.NOT_TRUSTED
        else:
            return self.ask_hop(line, rest, words[0].upper() if words else b"")
        return rest

    def ask_hop(self, line: bytes, rest: bytes, verb: bytes) -> bytes:
        self.hop += line
        reply = next(self.replies)
        if verb == b"DATA" and reply == b"yes":
            self.client += GO_AHEAD
            return self.content(rest)
        reply = reply if reply != b"yes" else b"250 yes\r\n"
        self.client += reply
        if verb == b"QUIT" or reply.startswith(b"421"):
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
                return self.fail(answers.NOT_RECORDED, rest[end + 2 :])
            self.hop += b".\r\n"
            reply = next(self.replies)
            self.client += reply if reply != b"yes" else b"250 yes\r\n"
            if reply.startswith(b"421"):
                self.end(b"")
            return rest[end + 2 :]
        self.has_lookalike = True
        self.hop += rest[:end]
        real = [dot for dot in dots if dot[2]]
        if real:
            return self.fail(answers.LOOKALIKE, rest[real[0][1] + 2 :])
        return b""

    def fail(self, reply: bytes, rest: bytes) -> bytes:
        self.client += reply
        self.end(answers.FOLLOWS_FAILURE if rest else b"")
        return b""

    def end(self, last_words: bytes) -> None:
        self.client += last_words
        self.is_over = True


def is_open(content: bytes) -> bool:
    """Whether the content ends in what may become the terminator."""
    return ("\r\n" + content.decode("latin-1")).endswith(("\r\n.", "\r\n.\r"))


@dataclass
class Hop:
    """A strict server: the n-th thing asked of it gets the n-th reply."""

    replies: "itertools.cycle[bytes]"
    heard: bytes = b""
    said: bytes = BANNER
    _unread: bytes = b""
    _in_content: bool = False

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
            if not found:
                return
            self._unread = rest
            reply = next(self.replies)
            if line.strip().upper() == b"DATA" and reply == b"yes":
                self._in_content = True
                reply = GO_AHEAD
            self.say(reply)

    def say(self, reply: bytes) -> None:
        self.said += b"250 yes\r\n" if reply == b"yes" else reply


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
                session.begin(watch=self.watch)
            elif session.moment is Moment.CONTENT_ENDED:
                (session.release if self.records else session.defer)()
            elif session.moment is Moment.REPLIED:
                session.answer()
            else:
                return

    def run(self, stream: bytes, schedule: list[int]) -> "Play":
        """``schedule``: positive sizes are the client's next bytes, negative the hop's."""
        said = 0
        turns = itertools.cycle(schedule) if schedule is EVERY_BYTE else iter(schedule)
        while True:
            if not stream and said == len(self.hop.said):
                self.settle()
                if said == len(self.hop.said):
                    return self
            size = next(turns, 0)
            self.settle()
            if size > 0 and stream:
                self.session.from_client(stream[:size])
                stream = stream[size:]
            elif size < 0 and said < len(self.hop.said):
                piece = self.hop.said[said : said - size]
                said += len(piece)
                self.session.from_next_hop(piece)
            elif size == 0 and said < len(self.hop.said):
                # The schedule is used up: all that is left, the hop's first.
                piece, said = self.hop.said[said:], len(self.hop.said)
                self.session.from_next_hop(piece)
            elif size == 0:
                self.session.from_client(stream)
                stream = b""


EVERY_BYTE = [-1, 1]

replies = st.lists(
    st.sampled_from(
        [
            *(b"yes", b"yes", b"yes", b"250-2.1.0 a\r\n250 b\r\n"),
            *(b"550 5.1.1 no\r\n", b"450 later\r\n", b"421 4.3.2 going\r\n"),
        ]
    ),
    min_size=1,
    max_size=8,
)
commands = st.sampled_from(
    [
        b"MAIL FROM:<a@b>\r\n",
        b"RCPT TO:<c@mipt.ru> NOTIFY=NEVER\r\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"\r\n",
        b"AUTH PLAIN x\r\n",
        b"XFORWARD ADDR=192.0.2.1\r\n",
        b"BDAT 7\r\nDATA\r\n\r",
        b"BDAT nine\r\n",
        b"RCPT TO:<\xff@b>\r\n",
        b"RCPT TO:<c@d>\nDATA\r\n",
        b"NOOP\0\r\n",
        b"QUIT\r\n",
    ]
)
pieces = st.sampled_from([b"\r\n", b"\r\n", b"\r", b"\n", b".", b"..", b"\0", b"Subject: x", b"z"])
content = st.lists(pieces, max_size=12).map(b"".join)
messages = st.builds(lambda inside, end: b"DATA\r\n" + inside + end, content, st.just(b"\r\n.\r\n"))
streams = st.lists(st.one_of(commands, messages, content), max_size=8).map(b"".join)
schedules = st.lists(st.integers(-40, 40).filter(bool), max_size=30)


@given(streams, replies, st.booleans(), st.booleans(), schedules)
@example(b"DATA\r\nx\r\n.\r\nQUIT\r\n", [b"yes"], True, True, EVERY_BYTE)
@example(b"DATA\r\n.\nx\r\n.\r\nQUIT\r\n", [b"yes"], True, False, EVERY_BYTE)
@example(b"NOOP\r\nDATA\r\nRSET\r\n.\r\n", [b"250 x\r\n", b"550 no\r\n"], True, False, [])
def test_r01_r02_r03_r04_any_schedule_gives_what_the_model_gives(
    stream, said, records, watch, schedule
):
    model = Model(itertools.cycle(said), records=records or not watch).run(stream)
    play = Play(Hop(itertools.cycle(said)), watch=watch, records=records).run(stream, schedule)
    assert play.client == model.client
    heard = play.hop.heard
    if model.is_over:
        # What was sent on behind the command that ended it all was never answered.
        heard = heard[: len(model.hop)]
    if model.has_lookalike:
        # How much of what stands before its line end went on is the packets' affair.
        assert model.hop.startswith(play.hop.heard)
    else:
        assert heard == model.hop
    event("over" if model.is_over else "goes on")


@given(streams, replies, st.booleans())
def test_r09_whole_and_byte_by_byte_give_the_same(stream, said, watch):
    whole = Play(Hop(itertools.cycle(said)), watch=watch).run(stream, [])
    single = Play(Hop(itertools.cycle(said)), watch=watch).run(stream, EVERY_BYTE)
    assert single.client == whole.client


@given(content, content, schedules)
def test_r10_no_lookalike_gets_out(before, behind, schedule):
    stream = b"DATA\r\n" + before + b"\r\n.\r\n" + b"DATA\r\n" + behind + b"\r\n.\r\n"
    play = Play(Hop(itertools.cycle([b"yes"])), watch=False).run(stream, schedule)
    for message in play.hop.heard.split(b"DATA\r\n")[1:]:
        # By the widest reading there is, the content ends where it ends by the strictest.
        assert [exact for _, _, exact in lone_dots(message)][:1] in ([], [True])


nonsense = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            *(BANNER, GO_AHEAD, b"250 ok\r\n", b"250-a\r\n250-b\r\n250 c\r\n", b"550 no\r\n"),
            *(b"421 bye\r\n", b"250-", b"\r\n", b"334 VXNl\r\n", b"EHLO x\r\n", b"DATA\r\n"),
            *(b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"x\r\n.\r\n", b"QUIT\r\n", b"."),
        ]
    ),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["from_client", "from_next_hop"]), nonsense.filter(bool)),
        st.tuples(st.sampled_from(["client_left", "next_hop_left", "drain", "answer"]), st.none()),
    ),
    max_size=40,
)


@given(steps, st.booleans(), st.booleans(), st.booleans())
def test_r16_whatever_either_side_says_nothing_breaks(steps, watch, trusts, in_content):
    session = Session(trusts_client=trusts)
    if in_content:
        steps = [
            *(("from_next_hop", BANNER), ("from_client", b"DATA\r\n")),
            *(("from_next_hop", GO_AHEAD), ("answer", None)),
            *steps,
        ]
    client, dots, over = b"", 0, False
    for name, argument in steps:
        sent_before = len(session.to_next_hop)
        take_step(session, name, argument, watch=watch)
        assert not (over and session.to_client)
        dots += b".\r\n" in session.to_next_hop[sent_before:]
        client += b"".join(session.to_client)
        session.to_client.clear()
        over = session.is_over
    assert session.tally.count(Outcome.DELIVERED) <= dots
    assert_is_replies(client)
    event(f"over: {session.is_over}")


def take_step(session: Session, name: str, argument: bytes | None, *, watch: bool) -> None:
    if argument is not None:
        getattr(session, name)(argument)
    elif name != "answer":
        getattr(session, name)()
    elif session.moment is Moment.ENVELOPE:
        session.begin(watch=watch)
    elif session.moment is Moment.CONTENT_ENDED:
        session.release()
    elif session.moment is Moment.REPLIED:
        assert session.message is not None
        assert session.message.outcome is not Outcome.PENDING
        session.answer()


def assert_is_replies(said: bytes) -> None:
    """Nothing but whole replies, whatever the hop said."""
    framer = ReplyFramer()
    framer.feed(said)
    while framer.next() is not None:
        pass
    assert framer.size == 0


early_replies = st.lists(st.sampled_from([GO_AHEAD, b"250 early\r\n", b"550 early\r\n", b"25"]))


@given(early_replies, st.booleans())
@example([b"250 early\r\n"], False)
def test_r01_no_reply_that_came_before_the_dot_is_the_dots(early, watch):
    session = Session()
    session.from_next_hop(BANNER)
    session.from_client(b"DATA\r\n")
    session.from_next_hop(GO_AHEAD + b"".join(early))
    session.begin(watch=watch)
    session.from_client(b"x\r\n.\r\n")
    if session.moment is Moment.CONTENT_ENDED:
        session.release()
    session.from_next_hop(b"0 2.0.0 late\r\n" if early[-1:] == [b"25"] else b"451 late\r\n")
    if session.moment is Moment.REPLIED:
        session.answer()
    assert b"early" not in b"".join(session.to_client).replace(b"550 early", b"")
