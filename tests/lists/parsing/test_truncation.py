import io

import pytest

from gateway.errors import ListError
from gateway.lists.parsing import truncation as tails
from gateway.lists.parsing.truncation import TruncationCheck
from gateway.lists.parsing.untrusted_file import UntrustedFile, lines


def read_on(content):
    tail = TruncationCheck(UntrustedFile("list.csv", io.BytesIO(content)))
    assert list(lines(tail.part))
    return tail


def refusal(check):
    with pytest.raises(ListError) as caught:
        check()
    return str(caught.value)


@pytest.mark.parametrize("content", [b"a\nb\n", b"a\r\nb\r\n", b"a\n\x1a", b"a\n\x1a\r\n"])
def test_a_file_that_ends_as_it_should_is_let_through(content):
    read_on(content).check()


def test_s12_a_last_line_without_an_end_is_a_file_cut_short():
    tail = read_on(b"a\nb")
    assert refusal(tail.check) == (
        "list.csv:2: is cut short (its last line has no end); fetch it again"
    )


def test_a_last_column_in_quotes_ends_a_line_that_has_all_its_columns():
    tail = read_on(b'a\n"b"')
    tail.check(last_is_whole=True)
    assert "cut short" in refusal(tail.check)
    half = read_on(b"a\nb")
    assert "cut short" in refusal(lambda: half.check(last_is_whole=True))


def test_s12_the_sign_at_a_files_end_is_missed_where_its_neighbours_have_it():
    signed, bare = read_on(b"a\n\x1a"), read_on(b"a\n")
    bare.check(beside=(bare,))
    signed.check(beside=(signed, bare))
    assert "the sign at its end is missing" in refusal(lambda: bare.check(beside=(signed, bare)))


def test_s12_a_file_beyond_its_bounds_is_refused_while_it_is_read(monkeypatch):
    monkeypatch.setattr(tails, "MAX_LINES", 10)
    assert "list.csv:11: is longer than" in refusal(lambda: read_on(b"a\n" * 12))
    monkeypatch.setattr(tails, "MAX_BYTES", 5)
    assert "list.csv:3: is longer than 5 bytes" in refusal(lambda: read_on(b"a\n" * 9))
