"""The session against a model of it that reads whole streams, in any order and any pieces.

The model (``model.py``) knows nothing of packets. Whatever the schedule, the client must see
exactly the replies that the model gives, and the next hop exactly the bytes; and whatever nonsense
either side says, nothing may come of it but a reply or an end.
"""

import itertools
import runpy
from pathlib import Path

from hypothesis import event, example, given
from hypothesis import strategies as st

from gateway.model import Outcome
from gateway.smtp.dialogue_states import Moment
from gateway.smtp.replies import ReplyFramer
from gateway.smtp.session import Session

model_of = runpy.run_path(str(Path(__file__).with_name("model.py")))
Hop, Model, Play = (model_of[name] for name in ("Hop", "Model", "Play"))
BANNER, EHLO, GO_AHEAD, POLICY, EVERY_BYTE = (
    model_of[name] for name in ("BANNER", "EHLO", "GO_AHEAD", "POLICY", "EVERY_BYTE")
)
lone_dots = model_of["lone_dots"]

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
        b"RCPT TO:<c@d>\r\n",
        b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n",
        b"BDAT 7\r\nDATA\r\n\r",
        b"BDAT 3\r\n.\r\n",
        b"BDAT 5 LAST\r\n\n.\r\n.",
        b"BDAT 0 LAST\r\n",
        b"BDAT 9 LAST\r\nto be...",
        b"BDAT 25 LAST\r\nRCPT TO:<evil@mipt.ru>\r\n",
        b"BDAT nine\r\n",
        b"LHLO x\r\n",
        b"NOOP\n",
        b"RCPT TO:<\xff@b>\r\n",
        b'"RCPT" TO:<c@mipt.ru>\r\n',
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


# What the owner of the session does: whether it watches, can record, and asks about recipients.
owners = st.fixed_dictionaries(
    {
        **dict.fromkeys(("watch", "records", "asks"), st.booleans()),
        "most": st.sampled_from([1, 2, 5000]),
    }
)
ALL = {"watch": True, "records": True, "asks": True, "most": 5000}


def play_of(said, owner) -> Play:
    session = Session(max_recipients=owner["most"])
    session.asks_recipients = owner["asks"]
    hop = Hop(itertools.cycle(said))
    return Play(hop, watch=owner["watch"], records=owner["records"], session=session)


@given(streams, replies, owners, schedules)
@example(b"DATA\r\nx\r\n.\r\nQUIT\r\n", [b"yes"], ALL, EVERY_BYTE)
@example(b"DATA\r\n.\nx\r\n.\r\nQUIT\r\n", [b"yes"], ALL, EVERY_BYTE)
@example(b"NOOP\r\nDATA\r\nRSET\r\n.\r\n", [b"250 x\r\n", b"550 no\r\n"], ALL, [])
@example(b"QUIT\r\nMAIL FROM:<a@b>\r\nQUIT\r\n", [b"550 5.1.1 no\r\n", b"yes"], ALL, [])
@example(b".MAIL FROM:<a@b>\r\n.DATA\r\n.BDAT 4 LAST\r\nNOOP\r\n", [b"yes"], ALL, EVERY_BYTE)
def test_r01_r02_r03_r04_r23_any_schedule_gives_what_the_model_gives(stream, said, owner, schedule):
    records = owner["records"] or not owner["watch"]
    model = Model(itertools.cycle(said), records=records, asks=owner["asks"], most=owner["most"])
    model.run(stream)
    play = play_of(said, owner).run(stream, schedule)
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


@given(streams, replies, owners)
def test_r09_whole_and_byte_by_byte_give_the_same(stream, said, owner):
    whole = play_of(said, owner).run(stream, [])
    single = play_of(said, owner).run(stream, EVERY_BYTE)
    assert single.client == whole.client


@given(content, content, schedules)
def test_r10_no_lookalike_gets_out(before, behind, schedule):
    stream = b"DATA\r\n" + before + b"\r\n.\r\n" + b"DATA\r\n" + behind + b"\r\n.\r\n"
    play = Play(Hop(itertools.cycle([b"yes"])), watch=False).run(stream, schedule)
    for message in play.hop.heard.split(b"DATA\r\n")[1:]:
        # By the widest reading there is, the content ends where it ends by the strictest.
        assert [exact for _, _, exact in lone_dots(message)][:1] in ([], [True])


HIDDEN = b"MAIL FROM:<hidden@b>\r\nRCPT TO:<hidden@mipt.ru>\r\nDATA\r\nhidden\r\n.\r\n"
hiding = st.sampled_from(
    [
        *(b"BDAT %d%s\r\n%s" % (len(HIDDEN), last, HIDDEN) for last in (b"", b" LAST")),
        *(b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"),
        *(b"DATA\r\n", b"\r\n.\r\n", b"RSET\r\n", b"NOOP\r\n", b"BDAT 0 LAST\r\n"),
        *(b"EHLO x\r\n", b"HELO x\r\n", b"AUTH x\r\n", b"BDAT 2\r\nhi", b"NOOP\n"),
    ]
)


@given(st.lists(hiding, max_size=12).map(b"".join), replies, owners, schedules)
@example(b"MAIL FROM:<a@b>\r\nBDAT %d\r\n%s" % (len(HIDDEN), HIDDEN), [b"yes"], ALL, EVERY_BYTE)
def test_r23_octets_are_never_commands_to_a_hop_that_counts_only_where_it_must(
    stream, said, owner, schedule
):
    play = play_of(said, owner)
    play.hop.counts_all = False
    play.run(stream, schedule)
    assert not any(b"hidden" in line for line in play.hop.commands)
    event(f"chunks: {sum(line.startswith(b'BDAT') for line in play.hop.commands)}")


nonsense = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            *(BANNER, GO_AHEAD, b"250 ok\r\n", b"250-a\r\n250-b\r\n250 c\r\n", b"550 no\r\n"),
            *(b"421 bye\r\n", b"250-", b"\r\n", b"334 VXNl\r\n", b"EHLO x\r\n", b"DATA\r\n"),
            *(b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"x\r\n.\r\n", b"QUIT\r\n", b"."),
            *(b"BDAT 2\r\nx\n", b"BDAT 3 LAST\r\nx\r\n", b"BDAT 0 LAST\r\n", b"BDAT 9\r\n"),
            *(b"NOOP\n", b"LHLO x\r\n", b"500 5.5.1 what?\r\n", b"220 h LMTP ready\r\n"),
            *(b"STARTTLS\r\n", b"RSET\r\n", EHLO, b"x\r\n.\r\nBDAT 1\r\nxRCPT TO:<c@d>\r\n"),
        ]
    ),
)
steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["receive_from_client", "receive_from_next_hop"]), nonsense.filter(bool)
        ),
        st.tuples(
            st.sampled_from(["client_closed", "next_hop_closed", "drain", "answer", "take_turn"]),
            st.none(),
        ),
    ),
    max_size=40,
)


PRELUDE = [
    *(
        ("receive_from_next_hop", BANNER),
        ("receive_from_client", b"EHLO x\r\n"),
        ("receive_from_next_hop", EHLO),
    ),
    *(("receive_from_client", b"DATA\r\n"), ("receive_from_next_hop", GO_AHEAD)),
]


@given(steps, st.sampled_from([0, 3, 5]), *[st.booleans()] * 3)
def test_r16_whatever_either_side_says_nothing_breaks(steps, start, watch, asks, tls):
    session = Session(trusts_client=tls)
    session.asks_recipients, session.offers_starttls = asks, tls
    steps = PRELUDE[:start] + steps
    client, dots, over = b"", 0, False
    for name, argument in steps:
        sent_before = len(session.to_next_hop)
        take_step(session, name, argument, watch=watch)
        if session.moment is Moment.ENVELOPE:
            # Nobody waits for anything here. There is a next hop to hand the content to.
            assert not session._hop_is_gone
            session.start_content(is_matched=watch)
        assert not (over and session.to_client)
        sent = session.to_next_hop[sent_before:]
        dots += sum(piece.endswith(b".\r\n") or b"LAST" in piece for piece in sent)
        client += b"".join(session.to_client)
        session.to_client.clear()
        over = session.is_over
    assert session.outcomes.count(Outcome.DELIVERED) <= dots
    assert_is_replies(client)
    event(f"over: {session.is_over}")


def take_step(session: Session, name: str, argument: bytes | None, *, watch: bool) -> None:
    if argument is not None:
        getattr(session, name)(argument)
    elif name != "answer":
        getattr(session, name)()
    elif session.moment is Moment.RECIPIENT:
        (session.accept_recipient if watch else lambda: session.reject_recipient(POLICY))()
    elif session.moment is Moment.STARTTLS:
        session.tls_started()
    elif session.moment is Moment.CONTENT_ENDED:
        session.release_dot()
    elif session.moment is Moment.REPLIED:
        assert session.message is not None
        assert session.message.outcome is not Outcome.PENDING
        session.send_final_reply()


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
    session.receive_from_next_hop(BANNER)
    session.receive_from_client(b"DATA\r\n")
    session.receive_from_next_hop(GO_AHEAD + b"".join(early))
    session.start_content(is_matched=watch)
    session.receive_from_client(b"x\r\n.\r\n")
    if session.moment is Moment.CONTENT_ENDED:
        session.release_dot()
    session.receive_from_next_hop(b"0 2.0.0 late\r\n" if early[-1:] == [b"25"] else b"451 late\r\n")
    if session.moment is Moment.REPLIED:
        session.send_final_reply()
    assert b"early" not in b"".join(session.to_client).replace(b"550 early", b"")
