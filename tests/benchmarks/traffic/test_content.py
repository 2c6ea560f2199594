import pytest

from benchmarks.traffic.content import as_sent, content


@pytest.mark.parametrize("size", [2_000, 200_000, 1_000_000])
def test_a_message_has_about_the_size_that_was_asked_for(size):
    assert 0.95 * size < len(as_sent(content(size))) < 1.1 * size


def test_it_is_always_the_same():
    assert content(2_000) == content(2_000)


def test_it_looks_like_mail_with_full_stops_and_an_attachment():
    text = content(200_000)
    assert text.count(".") > 500
    assert "Content-Transfer-Encoding: base64" in text


def test_as_sent_lines_end_in_crlf_and_dots_in_front_are_doubled():
    assert as_sent("one\n.two\n..\n\nthree.\n") == b"one\r\n..two\r\n...\r\n\r\nthree.\r\n"
