"""Playbooks of the session: octets that the next hop may not count as a chunk never reach it."""

import pytest

from gateway.model import Outcome
from gateway.smtp import bdat, own_replies
from gateway.smtp.dialogue_states import Moment

CHUNKING = b"250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
HIDDEN = b"MAIL FROM:<x@y>\r\nRCPT TO:<evil@mipt.ru>\r\nDATA\r\nhidden\r\n.\r\n"
MAIL, RCPT = b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n"
REFUSED = own_replies.NO_CHUNK_NOW


def chunk(octets, last=b""):
    return b"BDAT %d%s\r\n" % (len(octets), last) + octets


HIDING = chunk(HIDDEN, b" LAST")
sizes = pytest.mark.parametrize("size", [1, 2, 7, 1000])


@pytest.fixture
def chunking(play):
    """A session whose next hop takes chunks."""
    return play().greeted().ehlo(CHUNKING)


def say(play, data, size):
    """The client says it in pieces; what went to the client and to the hop."""
    to_client = to_hop = b""
    for at in range(0, len(data), size):
        for piece in (play.client(data[at : at + size]), answered(play)):
            to_client, to_hop = to_client + piece[0], to_hop + piece[1]
    return to_client, to_hop


def answered(play):
    if play.session.moment is Moment.ENVELOPE:
        return play.do("start_content", is_matched=getattr(play, "is_matched", False))
    return b"", b""


def hop(play, data):
    """The next hop says it; what went to the client and to the hop."""
    first, second = play.hop(data), answered(play)
    return first[0] + second[0], first[1] + second[1]


@sizes
def test_r23_without_a_sender(chunking, size):
    assert REFUSED.startswith(b"503 5.5.1 ")
    assert say(chunking, HIDING + b"NOOP\r\n", size) == (REFUSED, b"NOOP\r\n")


@sizes
def test_r23_without_a_recipient(chunking, size):
    chunking.client(MAIL)
    chunking.hop(b"250 sender\r\n")
    assert say(chunking, HIDING + b"NOOP\r\n", size) == (REFUSED, b"NOOP\r\n")


@sizes
@pytest.mark.parametrize("refusal", [b"550 5.1.1 no\r\n", b"450 4.2.1 later\r\n"])
def test_r23_with_refused_recipients_alone_pipelined(chunking, size, refusal):
    """RFC 3030's own way to send: all in one go."""
    assert say(chunking, MAIL + RCPT + RCPT + HIDING + b"NOOP\r\n", size) == (b"", MAIL + 2 * RCPT)
    assert hop(chunking, b"250 1\r\n" + refusal) == (b"250 1\r\n" + refusal, b"")
    assert hop(chunking, refusal) == (refusal + REFUSED, b"NOOP\r\n")


@sizes
def test_r23_with_a_refused_sender(chunking, size):
    """A lenient server takes the recipient all the same: of whose message?"""
    say(chunking, MAIL + RCPT + HIDING + b"NOOP\r\n", size)
    assert hop(chunking, b"550 not you\r\n250 lenient\r\n") == (
        b"550 not you\r\n250 lenient\r\n" + REFUSED,
        b"NOOP\r\n",
    )


@sizes
@pytest.mark.parametrize("failure", [b"552 5.3.4 too big\r\n", b"452 4.3.1 full\r\n"])
def test_r23_behind_a_chunk_that_failed_pipelined(chunking, size, failure):
    say(chunking, MAIL + RCPT + chunk(b"begun\r\n") + HIDING + b"NOOP\r\n", size)
    assert hop(chunking, b"250 1\r\n250 2\r\n")[1] == chunk(b"begun\r\n")
    assert hop(chunking, failure) == (failure + REFUSED, b"NOOP\r\n")
    assert chunking.session.outcomes == [OUTCOME[failure[:1]]]


OUTCOME = {b"5": Outcome.REFUSED, b"4": Outcome.FAILED}


@sizes
@pytest.mark.parametrize("fresh", [b"RSET\r\n", b"EHLO x\r\n", b"MAIL FROM:<n@b>\r\n"])
def test_r23_until_a_new_transaction_begins(chunking, size, fresh):
    say(chunking, MAIL + RCPT + chunk(b"begun\r\n"), size)
    hop(chunking, b"250 1\r\n250 2\r\n")
    hop(chunking, b"554 no\r\n")
    assert say(chunking, RCPT, size) == (b"", RCPT)
    # One more recipient does not make it whole.
    hop(chunking, b"250 3\r\n")
    assert say(chunking, HIDING, size)[0] == REFUSED
    assert say(chunking, fresh, size) == (b"", fresh)
    hop(chunking, CHUNKING if fresh.startswith(b"EHLO") else b"250 fresh\r\n")
    if not fresh.startswith(b"MAIL"):
        say(chunking, MAIL, size)
        hop(chunking, b"250 4\r\n")
    say(chunking, RCPT, size)
    hop(chunking, b"250 5\r\n")
    assert say(chunking, chunk(b"x", b" LAST"), size) == (b"", b"BDAT 1 LAST\r\nx")
    hop(chunking, b"250 queued\r\n")
    assert chunking.session.outcomes[-1] is Outcome.DELIVERED


@sizes
@pytest.mark.parametrize("reply", [b"250 queued\r\n", b"554 no\r\n"])
def test_r23_behind_the_last_chunk(chunking, size, reply):
    say(chunking, MAIL + RCPT + chunk(b"all", b" LAST") + HIDING + b"NOOP\r\n", size)
    assert hop(chunking, b"250 1\r\n250 2\r\n")[1] == chunk(b"all", b" LAST")
    assert hop(chunking, reply) == (reply + REFUSED, b"NOOP\r\n")


@sizes
def test_r23_behind_data_that_was_refused(chunking, size):
    """RFC 3030: the state is indeterminate."""
    say(chunking, MAIL + RCPT, size)
    hop(chunking, b"250 1\r\n250 2\r\n")
    say(chunking, b"DATA\r\n" + HIDING + b"NOOP\r\n", size)
    assert hop(chunking, b"451 greylisted\r\n") == (b"451 greylisted\r\n" + REFUSED, b"NOOP\r\n")


@sizes
def test_r23_after_a_message_that_came_by_data(chunking, size):
    say(chunking, MAIL + RCPT, size)
    hop(chunking, b"250 1\r\n250 2\r\n")
    say(chunking, b"DATA\r\n", size)
    hop(chunking, b"354 go on\r\n")
    say(chunking, b"x\r\n.\r\n" + HIDING + b"NOOP\r\n", size)
    assert hop(chunking, b"250 queued\r\n") == (b"250 queued\r\n" + REFUSED, b"NOOP\r\n")


@sizes
@pytest.mark.parametrize("offer", [b"250 mx\r\n", b"250-mx\r\n250 DSN\r\n", b"500 what?\r\n"])
def test_r23_before_anything_was_offered(play, size, offer):
    session = play().greeted()
    said = say(session, HIDING + b"EHLO x\r\n" + HIDING, size)
    assert said == (own_replies.NOT_OFFERED, b"EHLO x\r\n")
    to_client, to_hop = hop(session, offer)
    assert HIDDEN not in to_hop
    if to_hop:
        to_client, to_hop = hop(session, b"500 what?\r\n")
    assert (to_client, to_hop) == (offer + own_replies.NOT_OFFERED, b"")


@sizes
def test_r23_said_before_the_greeting(play, size):
    session = play()
    assert say(session, HIDING + b"NOOP\r\n", size) == (b"", b"")
    assert hop(session, b"220 mx\r\n") == (b"220 mx\r\n" + own_replies.NOT_OFFERED, b"NOOP\r\n")


@sizes
@pytest.mark.parametrize("line", [b"BDAT\r\n", b"BDAT many LAST\r\n", b"BDAT 99999999999\r\n"])
def test_r23_of_a_size_that_nobody_can_read_the_octets_have_no_end(chunking, size, line):
    """Whatever follows may be octets: the session is over, and nothing of it went on."""
    say(chunking, MAIL + RCPT, size)
    hop(chunking, b"250 1\r\n250 2\r\n")
    to_client, to_hop = say(chunking, line + HIDDEN, size)
    assert (to_client, to_hop) == (own_replies.NOT_OFFERED + own_replies.FOLLOWS_FAILURE, b"")
    assert chunking.session.is_over


def test_r23_of_a_size_beyond_all_bounds_too(chunking):
    line = b"BDAT %d\r\n" % (bdat.UNWANTED_LIMIT + 1)
    assert chunking.client(line) == (REFUSED, b"")
    assert chunking.client(b"RSET\r\n") == (own_replies.FOLLOWS_FAILURE, b"")


def test_r23_a_large_message_with_refused_recipients_is_swallowed_whole_and_not_kept(chunking):
    chunking.client(b"BDAT %d LAST\r\n" % (64 << 20))
    for _ in range(64):
        assert chunking.client(b"R" * (1 << 20)) == (b"", b"")
        assert chunking.session._client_lines.size == 0
    assert chunking.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


@sizes
def test_r23_an_empty_chunk_has_no_octets(chunking, size):
    assert say(chunking, b"BDAT 0\r\nBDAT 0 LAST\r\nNOOP\r\n", size) == (2 * REFUSED, b"NOOP\r\n")


@sizes
def test_r23_a_client_that_dies_amid_a_swallowed_chunk(chunking, size):
    say(chunking, HIDING[:-5], size)
    assert chunking.do("client_closed") == (b"", b"")
    assert chunking.session.is_over


@sizes
def test_r23_starttls_among_the_octets_is_none(chunking, size):
    chunking.session.offers_starttls = True
    said = chunk(b"STARTTLS\r\n" + HIDDEN, b" LAST") + b"NOOP\r\n"
    assert say(chunking, said, size) == (REFUSED, b"NOOP\r\n")
    chunking.hop(b"250 noop\r\n")
    say(chunking, b"STARTTLS\r\n", size)
    assert chunking.session.moment is Moment.STARTTLS
    chunking.do("tls_started")
    assert say(chunking, HIDING + b"NOOP\r\n", size) == (REFUSED, b"NOOP\r\n")


def test_r23_recipients_that_we_refuse_are_none(chunking):
    chunking.session.asks_recipients = True
    say(chunking, MAIL + RCPT + HIDING + b"NOOP\r\n", 1000)
    chunking.hop(b"250 1\r\n")
    refusal = b"550 5.7.1 policy\r\n"
    assert chunking.do("reject_recipient", reply=refusal) == (refusal + REFUSED, b"NOOP\r\n")


@sizes
def test_r23_a_chunk_waits_until_the_one_before_it_is_answered(chunking, size):
    """Only the reply tells whether its octets will be counted."""
    first, second = chunk(b"From: a\r\n"), chunk(HIDDEN, b" LAST")
    say(chunking, MAIL + RCPT + first + b"NOOP\r\n" + second, size)
    assert hop(chunking, b"250 1\r\n250 2\r\n")[1] == first + b"NOOP\r\n"
    assert hop(chunking, b"250 chunk\r\n") == (b"250 chunk\r\n", b"")
    assert hop(chunking, b"250 noop\r\n") == (b"250 noop\r\n", second)
    hop(chunking, b"250 queued\r\n")
    assert chunking.session.outcomes == [Outcome.DELIVERED]


@sizes
@pytest.mark.parametrize("early", [b"552 5.3.4 too big\r\n", b"250 what chunk?\r\n", b"503 5"])
def test_r23_a_reply_before_the_last_octet_ends_the_passing_on(chunking, size, early):
    """Refused at its line: to such a server the octets still to come are commands."""
    hidden = b"RCPT TO:<evil@mipt.ru>\r\n" * 4
    say(chunking, MAIL + RCPT + b"BDAT %d\r\n" % len(hidden), size)
    hop(chunking, b"250 1\r\n250 2\r\n")
    assert hop(chunking, early) == (b"", b"")
    to_client, to_hop = say(chunking, hidden + HIDING, size)
    assert to_hop == b""
    expected = early if early.startswith(b"552") else own_replies.HOP_LOST
    assert to_client == expected + own_replies.FOLLOWS_FAILURE


def test_r23_data_in_the_middle_of_chunks_is_no_message(chunking):
    say(chunking, MAIL + RCPT + chunk(b"From: a\r\n"), 1000)
    hop(chunking, b"250 1\r\n250 2\r\n")
    hop(chunking, b"250 chunk\r\n")
    assert say(chunking, b"DATA\r\n", 1000) == (b"", b"DATA\r\n")
    assert hop(chunking, b"354 lenient\r\n") == (own_replies.HOP_GONE, b"")


@sizes
@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (b"RCPT TO:<late@mipt.ru>\r\n", b"503 5.5.1 too late\r\n"),
        (b"MAIL FROM:<other@b>\r\n", b"503 5.5.1 nested\r\n"),
        (b"RSET now\r\n", b"501 5.5.4 syntax\r\n"),
        (b"XFORWARD ADDR=1.2.3.4\r\n", b""),
        (b"VRFY x\r\n", b"252 maybe\r\n"),
        (b"AUTH PLAIN\r\n", b""),
    ],
)
def test_r25_what_is_refused_between_two_chunks_does_not_restart_the_header(
    chunking, size, said, reply
):
    header = b"From: a\r\nAuto-Submitted: auto-replied\r\n"
    rest = b"Subject: none\r\n\r\nbody"
    chunking.is_matched = True
    say(chunking, MAIL + RCPT + chunk(header), size)
    hop(chunking, b"250 1\r\n250 2\r\n")
    hop(chunking, b"250 chunk\r\n")
    transaction = chunking.session.transaction.number
    say(chunking, said, size)
    if reply:
        assert hop(chunking, reply) == (reply, b"")
    assert chunking.session.transaction.number == transaction
    say(chunking, chunk(rest[:16]), size)
    hop(chunking, b"250 chunk\r\n")
    say(chunking, chunk(rest[16:], b" LAST"), size)
    assert chunking.session.moment is Moment.CONTENT_ENDED
    assert chunking.session.message.header.block == header + b"Subject: none\r\n"
    assert chunking.session.message.header.is_complete
