"""Playbooks of the session: messages that come in chunks, and chunks that nobody offered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Outcome
from gateway.smtp import bdat, own_replies
from gateway.smtp.dialogue_states import Moment


def test_r03_a_refused_bdat_swallows_its_octets(ready):
    assert ready.client(b"BDAT 6 LAST\r\n")[0].startswith(b"502 ")
    assert ready.client(b"DAT") == (b"", b"")
    assert ready.client(b"A\r\nNOOP\r\n") == (b"", b"NOOP\r\n")


def test_r03_a_bdat_without_a_size_ends_the_session_since_its_octets_cannot_be_told(ready):
    to_client, to_hop = ready.client(b"BDAT x\r\nRCPT TO:<evil@b>\r\n")
    assert to_client.startswith(b"502 ")
    assert b"421 " in to_client
    assert to_hop == b""
    assert ready.session.is_over


CHUNKING = b"250-mx\r\n250 CHUNKING\r\n"


@pytest.fixture
def chunking(play):
    """A session whose hop takes BDAT, with a sender and a recipient accepted."""
    session = play().greeted().ehlo(CHUNKING)
    session.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    session.hop(b"250 1\r\n250 2\r\n")
    return session


def test_r03_chunks_go_on_as_chunks(chunking):
    assert chunking.client(b"BDAT 7\r\nab\r\n.\r") == (b"", b"")
    assert chunking.session.moment is Moment.ENVELOPE
    assert chunking.session.transaction.recipient_lines == [b"RCPT TO:<c@d>\r\n"]
    assert chunking.do("start_content", is_matched=False) == (b"", b"BDAT 7\r\nab\r\n.\r")
    assert chunking.client(b"x") == (b"", b"x")
    assert chunking.hop(b"250 got 7\r\n") == (b"250 got 7\r\n", b"")
    assert chunking.client(b"BDAT 0 LAST\r\nNOOP\r\n") == (b"", b"BDAT 0 LAST\r\nNOOP\r\n")
    assert chunking.hop(b"250 queued\r\n") == (b"250 queued\r\n", b"")
    assert chunking.session.outcomes == [Outcome.DELIVERED]
    assert not chunking.session.transaction.is_open


def test_r03_a_pipelined_first_chunk_waits_until_every_recipient_is_answered(play):
    session = play().greeted().ehlo(CHUNKING)
    commands = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
    assert session.client(commands + b"BDAT 2 LAST\r\nhiQUIT\r\n") == (b"", commands)
    session.hop(b"250 1\r\n")
    assert session.session.moment is None
    session.hop(b"250 2\r\n")
    assert session.session.moment is Moment.ENVELOPE
    assert session.do("start_content", is_matched=False) == (b"", b"BDAT 2 LAST\r\nhiQUIT\r\n")
    assert session.hop(b"250 queued\r\n221 bye\r\n")[0] == b"250 queued\r\n221 bye\r\n"


@pytest.mark.parametrize(
    ("chunks", "before", "withheld"),
    [
        (b"BDAT 5 LAST\r\nhello", b"BDAT 5 LAST\r\nhell", b"o"),
        (b"BDAT 1 LAST\r\n\n", b"BDAT 1 LAST\r\n", b"\n"),
        (b"BDAT 0 LAST\r\n", b"", b"BDAT 0 LAST\r\n"),
        (b"BDAT 2\r\nhiBDAT 0 LAST\r\n", b"BDAT 2\r\nhi", b"BDAT 0 LAST\r\n"),
    ],
)
def test_r17_the_end_of_a_watched_last_chunk_is_withheld(chunking, chunks, before, withheld):
    for byte in chunks:
        chunking.session.receive_from_client(bytes([byte]))
        if chunking.session.moment is Moment.ENVELOPE:
            chunking.session.start_content(is_matched=True)
    assert chunking._taken() == (b"", before)
    if b"BDAT 2\r" in before:
        # It is asked about only when every earlier chunk is answered.
        assert chunking.session.moment is None
        assert chunking.hop(b"250 chunk\r\n") == (b"250 chunk\r\n", b"")
    assert chunking.session.moment is Moment.CONTENT_ENDED
    assert chunking.do("release_dot") == (b"", withheld)
    chunking.hop(b"250 queued\r\n")
    assert chunking.session.moment is Moment.REPLIED
    assert chunking.do("send_final_reply")[0].endswith(b"250 queued\r\n")


def test_r03_a_held_chunk_dies_with_the_dialogue(play):
    session = play().greeted().ehlo(CHUNKING)
    session.client(b"MAIL FROM:<a@b>\r\nBDAT 5 LAST\r\n12345and more")
    assert session.hop(b"421 going down\r\n") == (b"421 going down\r\n", b"")
    assert session.session.is_over
    assert session.session.moment is None
    assert session.client(b"still talking\r\n") == (b"", b"")


def test_the_header_of_a_chunked_message_is_captured_across_chunks(chunking):
    chunking.client(b"BDAT 6\r\nFrom: ")
    chunking.do("start_content", is_matched=True)
    chunking.client(b"BDAT 9 LAST\r\na\r\n\r\nbody")
    chunking.hop(b"250 6 octets\r\n")
    assert chunking.session.message.header.block == b"From: a\r\n"


def test_r23_a_chunk_behind_one_that_the_hop_refused_goes_nowhere(chunking):
    chunking.client(b"BDAT 6\r\nabcdef")
    chunking.do("start_content", is_matched=False)
    assert chunking.hop(b"554 no\r\n") == (b"554 no\r\n", b"")
    assert chunking.session.outcomes == [Outcome.REFUSED]
    assert chunking.client(b"BDAT 4 LAST\r\nRSETRSET\r\n") == (
        own_replies.NO_CHUNK_NOW,
        b"RSET\r\n",
    )
    assert chunking.hop(b"250 reset\r\n") == (b"250 reset\r\n", b"")
    assert chunking.session.outcomes == [Outcome.REFUSED]


ODD_CHUNKS = [
    b"BDAT %d LAST\r\n" % ((1 << 32) + 5),  # 5 to who counts in 32 bits
    b"BDAT %d\r\n" % ((1 << 32) + 5),
    b"BDAT %d LAST\r\n" % (1 << 31),
    b"BDAT %d LAST\r\n" % (1 << 64),
    b"BDAT\t5 LAST\r\n",
    b"BDAT\x0b5 LAST\r\n",
    b"BDAT\x0c5 LAST\r\n",
    b"BDAT 5\tLAST\r\n",
    b"BDAT  5 LAST\r\n",
    b"BDAT 5  LAST\r\n",
    b"BDAT 5 LAST \r\n",
    b"BDAT 5 \r\n",
    b"BDAT 5 LAST x\r\n",
    b" BDAT 5 LAST\r\n",
    b"\tBDAT 5 LAST\r\n",
    b"\x0bBDAT 5 LAST\r\n",
    b"BDAT 05 LAST\r\n",  # octal, to some
    b"BDAT +5 LAST\r\n",
    b"BDAT -1 LAST\r\n",
    b"BDAT 0x5 LAST\r\n",
    "BDAT \u0665 LAST\r\n".encode(),
    b"BDAT\r\n",
]


@pytest.mark.parametrize("line", ODD_CHUNKS)
def test_r03_a_chunk_whose_octets_servers_may_count_otherwise_ends_the_session(chunking, line):
    """What the next hop reads as no chunk, or as another one, would be commands to it."""
    assert chunking.client(line) == (own_replies.NOT_OFFERED, b"")
    inside = b"helloMAIL FROM:<a@b>\r\nRCPT TO:<evil@mipt.ru>\r\n"
    assert chunking.client(inside) == (own_replies.FOLLOWS_FAILURE, b"")
    assert chunking.session.is_over


@pytest.mark.parametrize(
    "line", [b"bdat 5 last\r\n", b"BDAT 5 LAST\r\n", b"BDAT 0\r\n", b"BDAT 2147483647\r\n"]
)
def test_r03_a_chunk_as_the_rfc_spells_it_goes_on(chunking, line):
    chunking.client(line)
    assert chunking.do("start_content", is_matched=False) == (b"", line)


@given(
    st.binary(max_size=12), st.sampled_from([b"BDAT 5 LAST", b"BDAT 5", b"BDAT"]), st.integers(0)
)
def test_r03_only_the_rfcs_own_spelling_is_a_chunk(noise, line, at):
    at %= len(line) + 1
    said = line[:at] + noise + line[at:] + b"\r\n"
    chunk = bdat.parse_bdat(said)
    if chunk is not None:
        words = [b"BDAT", b"%d" % chunk.octets, *[b"LAST"] * chunk.is_last]
        assert said.upper() == b" ".join(words) + b"\r\n"
        assert chunk.octets < 1 << 31


@pytest.mark.parametrize("greeting", [b"HELO x\r\n", b"EHLO x\r\n"])
@pytest.mark.parametrize("reply", [b"250 mx\r\n", b"501 5.5.4 no\r\n", b""])
def test_r03_what_was_offered_is_forgotten_with_a_new_greeting(chunking, greeting, reply):
    """After HELO real servers know no chunks: their octets would be commands."""
    assert chunking.client(greeting) == (b"", greeting)
    assert chunking.hop(reply) == (reply, b"")
    said = b"MAIL FROM:<a@b>\r\n"
    assert chunking.client(said + b"BDAT 6 LAST\r\nRSET\r\n")[1] == said
    assert chunking.client(b"NOOP\r\n")[1] == b"NOOP\r\n"
    assert chunking.session.moment is None


@pytest.mark.parametrize("second", [b"HELO x\r\n", b"EHLO x\r\n"])
def test_r03_of_two_greetings_at_once_the_last_one_counts(play, second):
    session = play().greeted()
    session.client(b"EHLO x\r\n" + second)
    session.hop(CHUNKING)
    # The other greeting is with the next hop already: what it makes of a BDAT is not known.
    assert session.client(b"BDAT 6 LAST\r\nRSET\r\n") == (b"", b"")
    assert session.hop(b"250 mx\r\n") == (b"250 mx\r\n" + own_replies.NOT_OFFERED, b"")
    assert session.session.moment is None
    assert session.client(b"BDAT 6 LAST\r\nRSET\r\n") == (own_replies.NOT_OFFERED, b"")


def test_r07_the_hop_dies_in_a_chunk_and_every_owed_reply_is_given(chunking):
    chunking.client(b"BDAT 3\r\nabcBDAT 9 LAST\r\nrest")
    chunking.do("start_content", is_matched=False)
    assert chunking.do("next_hop_closed") == (b"", b"")
    to_client, to_hop = chunking.client(b"12345NOOP\r\n")
    assert to_hop == b""
    assert [line[:3] for line in to_client.splitlines()] == [b"451", b"451", b"421"]


def test_r07_a_swallowed_chunk_without_sensible_end_is_cut_off(chunking, monkeypatch):
    monkeypatch.setattr("gateway.smtp.message.SWALLOW_LIMIT", 100)
    chunking.client(b"BDAT %d LAST\r\nx" % bdat.OCTETS_LIMIT)
    chunking.do("start_content", is_matched=False)
    chunking.do("next_hop_closed")
    to_client, _ = chunking.client(b"x" * 101)
    assert to_client.startswith(b"451 ")
    assert chunking.session.is_over


def test_r07_a_final_reply_before_the_last_octet_is_no_answer(chunking):
    chunking.client(b"BDAT 9 LAST\r\nhalf")
    chunking.do("start_content", is_matched=False)
    assert chunking.hop(b"250 thanks\r\n") == (b"", b"")
    assert chunking.client(b"12345")[0].startswith(b"451 ")


def test_a_recipient_named_after_the_first_chunk_ends_the_session(chunking):
    chunking.client(b"BDAT 1\r\na")
    chunking.do("start_content", is_matched=False)
    chunking.client(b"RCPT TO:<late@mipt.ru>\r\n")
    to_client, _ = chunking.hop(b"250 chunk\r\n250 lenient\r\n")
    # We have lost nobody: the words are the true ones.
    assert to_client == b"250 chunk\r\n" + own_replies.NAMED_TOO_LATE
    assert own_replies.NAMED_TOO_LATE.startswith(b"421 4.")
    assert chunking.session.is_over


def test_r03_a_new_transaction_is_asked_about_anew_after_abandoned_chunks(chunking):
    chunking.client(b"BDAT 1\r\na")
    chunking.do("start_content", is_matched=False)
    chunking.hop(b"250 chunk\r\n")
    chunking.client(b"RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<x@mipt.ru>\r\nBDAT 1 LAST\r\nb")
    chunking.hop(b"250 rset\r\n250 mail\r\n250 rcpt\r\n")
    assert chunking.session.moment is Moment.ENVELOPE
    assert chunking.session.transaction.recipient_lines == [b"RCPT TO:<x@mipt.ru>\r\n"]


def test_r03_the_octets_of_a_refused_chunk_are_no_command(ready):
    ready.client(b"BDAT 6\r\n")
    assert ready.client(b"RSET\r\n") == (b"", b"")
    assert ready.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


def test_r03_a_chunk_that_nobody_offered_is_swallowed_up_to_a_bound(ready):
    size = bdat.UNOFFERED_LIMIT
    assert ready.client(b"BDAT %d LAST\r\n" % size)[0].startswith(b"502 ")
    for _ in range(size >> 20):
        assert ready.client(b"R" * (1 << 20)) == (b"", b"")
    assert ready.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


@pytest.mark.parametrize("octets", [bdat.UNOFFERED_LIMIT + 1, 10**9, 10**17])
def test_r03_beyond_that_bound_the_session_ends(ready, octets):
    assert ready.client(b"BDAT %d LAST\r\n" % octets) == (own_replies.NOT_OFFERED, b"")
    assert ready.client(b"RSET\r\n") == (own_replies.FOLLOWS_FAILURE, b"")
    assert ready.session.is_over
