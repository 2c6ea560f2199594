"""Half a reply that nothing asked for: it becomes nobody's, whenever its other half comes."""

import pytest

LATE = b"0 late\r\n"


def test_r01_half_a_reply_before_a_command_is_not_that_commands(ready):
    ready.client(b"NOOP\r\n")
    ready.hop(b"250 Ok\r\n25")
    told, heard = ready.client(b"MAIL FROM:<a@example.edu>\r\n")
    assert told.startswith(b"421 ")
    assert heard == b""
    assert ready.hop(LATE) == (b"", b"")


@pytest.mark.parametrize("watch", [False, True])
def test_r01_half_a_reply_within_the_content_is_not_the_final_dots(ready, watch):
    ready.content(watch=watch)
    ready.hop(b"25")
    told, heard = ready.client(b"text\r\n.\r\n")
    assert told.startswith(b"451 ")
    assert heard == b""
    assert ready.session.drop_next_hop
    assert ready.hop(LATE) == (b"", b"")


def test_r01_half_a_reply_before_the_release_is_not_the_final_dots(ready):
    ready.content(watch=True)
    ready.client(b"text\r\n.\r\n")
    ready.hop(b"25")
    assert ready.do("release_dot") == (b"", b"")
    told, heard = ready.do("send_final_reply")
    assert told.startswith(b"451 ")
    assert heard == b""
