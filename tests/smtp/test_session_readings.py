"""Playbooks of the session: lines in which the next hop might read something else than we do."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.addresses.mailbox_path import path
from gateway.addresses.path_reading import UnreadablePath, parse, read
from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import ReplyFor, classify_clean_command

OURS = [b"DATA", b"RSET", b"QUIT", b"HELO x", b"EHLO x", b"STARTTLS", b"AUTH PLAIN x", b"XCLIENT X"]
NAMING = [b"MAIL FROM:<a@b>", b"RCPT TO:<evil@mipt.ru>", b"BDAT 5 LAST"]
# No white space to us, but to servers that ask Unicode, or that skip what they cannot read.
NOT_QUITE = [
    b"\xa0",
    b"\x85",
    b"\x1c",
    b"\x1f",
    b"\xe2\x80\x8b",
    b"\xff\xf1",
    b"\x7f",
    b'"',
    b"<",
    b".",
]


@pytest.mark.parametrize("odd", NOT_QUITE)
@pytest.mark.parametrize("said", OURS + NAMING)
def test_r03_what_a_laxer_server_might_read_as_a_command_of_ours_goes_nowhere(ready, said, odd):
    word, space, rest = said.partition(b" ")
    for line in (odd + said, b" " + odd + said, word + odd + space + rest, word + odd + rest):
        if classify_clean_command(line + b"\r\n") is not classify_clean_command(said + b"\r\n"):
            assert ready.client(line + b"\r\n") == (own_replies.NOT_OFFERED, b"")
    assert ready.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


@pytest.mark.parametrize("white", [b" ", b"\t", b"\x0b", b"\x0c", b" \t "])
@pytest.mark.parametrize("said", OURS + NAMING)
def test_r03_a_command_is_known_behind_and_before_any_white_space(said, white):
    word, _, rest = said.partition(b" ")
    meant = classify_clean_command(said + b"\r\n")
    assert meant is not ReplyFor.OTHER
    for line in (white + said, word + white + rest, said + white):
        assert classify_clean_command(line + b"\r\n") is meant


@pytest.mark.parametrize(
    "line", [b"NOOP DATA", b"FROBNICATE", b"DATAX", b"HELP", b"", b"1", b"VRFY x"]
)
def test_r03_other_words_are_the_next_hops_to_judge(ready, line):
    assert ready.client(line + b"\r\n") == (b"", line + b"\r\n")


def named(before, path, behind=b""):
    """A RCPT with its path's last byte at ``before``, or as near as it can be."""
    start = b"RCPT TO:"
    return start + b" " * (before - len(start) - len(path)) + path + behind + b"\r\n"


@pytest.mark.parametrize("cut", [1000, 2046, 2047, 2048, 2049, 4000])
@pytest.mark.parametrize("verb", [b"RCPT TO:", b"mail\tfrom:"])
def test_r03_a_long_path_is_the_next_hops_to_judge(ready, cut, verb):
    line = named(cut, b"<u@skoltech.ru", b".example.edu>").replace(b"RCPT TO:", verb)
    assert ready.client(line) == (b"", line)


def unreadable(line):
    return isinstance(parse(path(line)), UnreadablePath)


@pytest.mark.parametrize(
    ("path", "rest"),
    [(b"u@skoltech.ru", b".example.edu"), (b"<u@skoltech.ru", b".example.edu>")],
)
@pytest.mark.parametrize("cut", [1100, 2046, 2047, 2048, 2049, 4000])
def test_s15_a_path_that_a_server_might_cut_is_not_read(path, rest, cut):
    """Postfix reads 2,048 bytes of a line: there ends another recipient's address."""
    assert unreadable(named(cut, path, rest))


@pytest.mark.parametrize("verb", [b" " * 2031 + b"RCPT TO:", b"RCPT" + b" " * 2032 + b"TO:"])
def test_s15_what_stands_before_the_path_may_have_it_cut_as_well(verb):
    assert unreadable(verb + b"u@mipt.ru.gmail.com\r\n")
    assert unreadable(verb + b"<u@gmail.com>\r\n")


@pytest.mark.parametrize("path", [b"<u@example.org>", b"u@example.org"])
def test_s15_a_path_may_end_within_1000_bytes_and_long_parameters_follow(path):
    assert not unreadable(named(1000, path, b" ORCPT=rfc822;" + b"x" * 3000))
    assert unreadable(named(1010, path, b" X"))


@pytest.mark.parametrize("rest", [b"", b".example.edu", b".example.edu>"])
@pytest.mark.parametrize("start", [b"<>", b"<z@example.edu>", b"z ", b"Ivan <z>", b'"z"('])
def test_s15_behind_an_early_path_of_a_long_line_only_parameters_may_stand(start, rest):
    line = b"RCPT TO:" + start + b"x" * (2048 - 21 - len(start)) + b"u@skoltech.ru" + rest
    assert unreadable(line + b"\r\n")


pieces = st.lists(
    st.sampled_from(
        [
            *(b" " * 400, b"a" * 300, b" ORCPT=rfc822;" + b"x" * 900, b" NOTIFY=NEVER", b" "),
            *(b"z@example.org", b"u@skoltech.ru", b".edu", b"<", b">", b'"', b"\\", b":", b"("),
        ]
    )
)


@given(st.sampled_from([b"RCPT TO:", b"RCPT TO:<", b"MAIL FROM:"]), pieces, st.integers(1100, 4000))
@example(b"RCPT TO:", [b" " * 400, b"z@example.org", b" " * 400, b"a" * 300], 1100)
def test_s15_however_long_a_line_is_cut_it_names_nobody_else(start, pieces, cut):
    line = start + b"".join(pieces) + b"\r\n"
    if len(line) > cut and not unreadable(line):
        whole, part = read(path(line)), read(path(line[:cut] + b"\r\n"))
        assert part.is_plain is whole.is_plain
        assert str(part.mailbox) == str(whole.mailbox)
