import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.parsing import untrusted_file as parts
from gateway.lists.parsing.untrusted_file import (
    UntrustedFile,
    document,
    lines,
    objects,
    rows,
    sniffed,
)


class Trickle(io.RawIOBase):
    """A stream that gives a byte at a time, as a slow one may."""

    def __init__(self, content):
        self._stream = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        found = self._stream.read(1)
        buffer[: len(found)] = found
        return len(found)


def fault(read):
    with pytest.raises(ListError) as caught:
        read()
    (found,) = caught.value.faults
    return str(found)


def test_lines_have_their_numbers_and_no_ends(part):
    assert list(lines(part("x", "a\r\nb\n\nc"))) == [(1, "a"), (2, "b"), (3, ""), (4, "c")]


def test_a_byte_order_mark_and_the_end_that_dos_wrote_are_no_text(part):
    assert list(lines(part("x", b"\xef\xbb\xbfa\nb\n\x1a"))) == [(1, "a"), (2, "b")]
    assert list(lines(part("x", b"a\n\x1a\r\n"))) == [(1, "a")]


READERS = [
    lambda part: list(lines(part)),
    lambda part: list(rows(part)),
    lambda part: list(objects(part)),
    lambda part: document(part, 1000),
    lambda part: sniffed(part).stream.read(),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><html>", b"\n \r\n  <HTML lang=en>", b"\xef\xbb\xbf<html>"]
)
def test_s12_a_web_page_in_place_of_a_list_is_refused(part, read, page):
    assert "is a web page, not the list" in fault(lambda: read(part("sdn.csv", page)))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_s12_another_encoding_is_refused_with_its_name_whether_marked_or_not(part, read, encoding):
    told = fault(lambda: read(part("sdn.csv", "name,domains\nInstitute,ü\n".encode(encoding))))
    assert told.startswith(
        "sdn.csv:1: is UTF-16, not UTF-8; fetch the file again as it is published"
    )
    assert told.endswith("; save your own list as UTF-8")


@pytest.mark.parametrize("content", [b"a\0,b\n", b"na\0me\n", b"\0\0\0\0\0\0\n", b"a\0\n"])
def test_s12_zero_bytes_alone_make_no_encoding(part, content):
    assert "holds zero bytes" in fault(lambda: list(lines(part("sdn.csv", content))))


@pytest.mark.parametrize("read", READERS)
def test_s12_an_empty_file_is_refused(part, read):
    assert fault(lambda: read(part("sdn.csv", b""))) == "sdn.csv: is empty; fetch it again"


def test_s12_a_byte_of_another_encoding_is_told_with_its_place(part):
    told = fault(lambda: list(lines(part("sdn.csv", b"a\nb\xe9c\n"))))
    assert told.startswith("sdn.csv:2: byte 2 of the line is not UTF-8")


def test_s12_an_endless_line_is_refused_and_not_kept(part, monkeypatch):
    monkeypatch.setattr(parts, "MAX_LINE", 10)
    assert list(lines(part("x", b"a" * 9 + b"\n")))
    told = fault(lambda: list(lines(part("x", b"ok\n" + b"a" * 1000))))
    assert told.startswith("x:2: is longer than 10 bytes")


def test_rows_have_the_number_of_their_first_line(part):
    text = 'a,"b ""c""\nd"\n\n , \ne,f\n'
    assert list(rows(part("x", text))) == [(1, ["a", 'b "c"\nd']), (5, ["e", "f"])]


def test_s12_a_quote_that_is_not_closed_is_told_where_it_begins(part, monkeypatch):
    monkeypatch.setattr(parts, "MAX_ROW_LINES", 5)
    told = fault(lambda: list(rows(part("x", 'a\nb,"c\n' + "d\n" * 20))))
    assert told.startswith("x:2: begins a row of more than 5 lines")
    assert fault(lambda: list(rows(part("x", 'a\nb,"c\n')))).startswith("x:2: is no CSV here")


def test_s12_a_field_without_end_is_refused(part, monkeypatch):
    monkeypatch.setattr(parts, "MAX_FIELD", 10)
    assert "is no CSV here" in fault(lambda: list(rows(part("x", "a" * 11))))


def test_objects_have_their_lines_numbers(part):
    assert list(objects(part("x", '{"a": 1}\n\n{}\n'))) == [(1, {"a": 1}), (3, {})]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "x:2: is no JSON:"),
        ("[1]", "x:2: is no JSON object"),
        ('"a"', "x:2: is no JSON object"),
        ("[" * 100_000, "x:2: is nested too deeply; is it the right file?"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "x:2: is nested too deeply"),
    ],
)
def test_s12_a_line_that_is_no_object_is_told(part, line, told):
    assert fault(lambda: list(objects(part("x", "{}\n" + line)))).startswith(told)


def test_a_document_is_one_value_within_its_bound(part):
    assert document(part("x", b'\xef\xbb\xbf{"a": [1]}'), 100) == {"a": [1]}
    assert fault(lambda: document(part("x", b"[1, 2]"), 3)) == "x: is larger than 3 bytes"
    assert fault(lambda: document(part("x", b'[1,\n"'), 99)).startswith("x:2: is no JSON")
    assert fault(lambda: document(part("x", b'["a",\n"\xff"]'), 99)) == "x:2: is not UTF-8"
    assert fault(lambda: document(part("x", b"  \n"), 99)) == "x: is empty; fetch it again"


def test_a_rewound_part_has_its_first_bytes_again(part):
    assert sniffed(part("x", b"\xef\xbb\xbf<xml/>")).stream.read() == b"<xml/>"
    assert sniffed(part("x", b"<xml/>")).stream.read(3) == b"<xm"


@given(st.binary(min_size=1, max_size=4000), st.integers(1, 2000))
def test_whatever_its_bytes_a_rewound_part_loses_none(content, size):
    stream = io.BufferedReader(Trickle(content), buffer_size=1)
    try:
        again = sniffed(UntrustedFile("x", stream)).stream
    except ListError:
        return
    found = b"".join(iter(lambda: again.read(size), b""))
    assert found == content.removeprefix(b"\xef\xbb\xbf")


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_s12_whatever_the_bytes_a_file_is_read_or_refused(content):
    for read in READERS:
        with contextlib.suppress(ListError):
            read(UntrustedFile("x", io.BytesIO(content)))


def test_s12_zero_bytes_are_a_damaged_download():
    file = UntrustedFile("x.csv", io.BytesIO(b"a,b\n1,\x00\x002\n"))
    with pytest.raises(ListError, match=r"x\.csv:2: holds zero bytes"):
        list(lines(file))
