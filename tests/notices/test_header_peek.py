from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.model import Peek
from gateway.notices.header_peek import LIMIT, LIST_FIELDS, is_message_id, peek

HEADER = (
    b"Received: from a by b\r\n\tfor <x@y>; Sun, 22 Nov 2026 09:14:00 +0000\r\n"
    b"From: Prof <prof@example.edu>\r\n"
    b"Subject: not to be seen\r\n"
    b"Message-ID: <one@example.edu>\r\n"
    b"References: <a@x>\r\n <b@x>\r\n"
    b"Content-Language: de-AT, en\r\n"
)


def test_reads_the_named_fields_and_never_the_subject():
    seen = peek(HEADER)
    assert seen == Peek(
        message_id="<one@example.edu>",
        references=("<a@x>", "<b@x>"),
        content_language="de-AT, en",
        from_="Prof <prof@example.edu>",
    )
    assert "not to be seen" not in repr(seen)


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\nAuto-Submitted: auto-replied\r\n"])
def test_ends_at_the_empty_line(end):
    assert peek(HEADER + end) == peek(HEADER)


def test_takes_bare_line_feeds_for_line_ends():
    assert peek(HEADER.replace(b"\r\n", b"\n")) == peek(HEADER)


def test_names_are_in_any_case_and_may_stand_apart_from_the_colon():
    assert peek(b"AUTO-submitted \t: auto-replied\r\n").auto_submitted == "auto-replied"


def test_unfolds():
    assert peek(b"Message-ID:\r\n <long@x>\r\n").message_id == "<long@x>"
    assert peek(b"Precedence:\r\n\tbulk\r\n").precedence == "bulk"


def test_keeps_every_value_of_a_field_that_stands_twice():
    assert peek(b"Auto-Submitted: no\r\nAuto-Submitted: auto-generated\r\n").auto_submitted == (
        "no, auto-generated"
    )


def test_passes_over_what_is_no_field():
    seen = peek(b">From prof Sun Nov 22\r\n: nameless\r\nno colon here\r\nPrecedence: bulk\r\n")
    assert seen.precedence == "bulk"
    assert seen.readable


def test_a_folded_line_belongs_to_no_field_before_the_first():
    assert peek(b" Auto-Submitted: no\r\nPrecedence: list\r\n").precedence == "list"


@pytest.mark.parametrize("name", LIST_FIELDS)
def test_names_each_of_the_seven_list_fields(name):
    assert peek(name.title().encode() + b": <x>\r\n").list_headers == (name,)


def test_a_cut_block_is_not_readable_and_its_last_half_line_says_nothing():
    seen = peek(b"Precedence: bulk\r\nAuto-Submitted: n", cut=True)
    assert seen.precedence == "bulk"
    assert seen.auto_submitted is None
    assert not seen.readable


def test_a_block_of_the_captured_length_was_cut():
    line = b"X-Fill: " + b"x" * 990 + b"\r\n"
    block = (line * (LIMIT // len(line) + 1))[:LIMIT]
    assert not peek(block).readable
    assert peek(block[: LIMIT - 1] + b"").readable


@pytest.mark.parametrize(
    "value",
    [
        b"<a\rBcc: x@y>",
        b"<a\0@x>",
        b"<a b@x>",
        b"no id at all",
        b"<" + b"a" * 300 + b"@x>",
        "<ä@x>".encode(),
        b"",
    ],
)
def test_an_id_that_no_header_may_bear_is_kept_as_a_text_and_is_none(value):
    kept = peek(b"Message-ID: " + value + b"\r\n").message_id
    assert (kept is None) == (value == b"")
    assert not is_message_id(kept or "")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("<имя@пример.рф>".encode(), "<имя@пример.рф>"),
        (b"no brackets@here.example", "no brackets@here.example"),
        (b"<a  b@x>", "<a b@x>"),
        (b"<a\r\n\tb@x>", "<a b@x>"),
        (b"<a\xe2\x80\xaeb@x>", "<a\ufffdb@x>"),
        (b"<\xff@x>", "<\ufffd@x>"),
        (b"<" + b"a" * 300 + b"@x>", "<" + "a" * 300 + "@x>"),
        (b"<" + b"a" * 3000 + b"@x>", "<" + "a" * 997),
        (b"", None),
        (b"odd\r\nMessage-ID: <good@x>", "<good@x>"),
    ],
)
def test_r27_an_odd_id_is_kept_on_one_line_and_bounded(value, kept):
    assert peek(b"Message-ID: " + value + b"\r\n").message_id == kept


@pytest.mark.parametrize(
    "header",
    [
        b"From: a\rAuto-Submitted: auto-replied\r",
        b"From: a\rSubject: b\r\rbody\r",
        b"From: a\r\nX: b\rAuto-Submitted: auto-replied\r\n",
        b"From: a\nX: b\rc\n",
    ],
)
def test_r26_a_header_whose_line_ends_are_bare_crs_is_unreadable_and_not_empty(header):
    assert not peek(header).readable


@pytest.mark.parametrize(
    "header", [b"From: a\r\n", b"From: a\r\r\nTo: b\r\r\n", b"From: a\n", b"From: a\r", b""]
)
def test_line_ends_that_all_read_alike_are_readable(header):
    assert peek(header).readable


def test_a_long_thread_keeps_its_first_id_and_its_last():
    ids = [f"<{n}@x>" for n in range(500)]
    kept = peek(b"References: " + "\r\n ".join(ids).encode() + b"\r\n").references
    assert kept == (ids[0], *ids[-19:])


def test_in_reply_to_stands_in_for_references_where_it_names_one_message():
    assert peek(b"In-Reply-To: <a@x>\r\n").references == ("<a@x>",)
    assert peek(b"In-Reply-To: <a@x> <b@x>\r\n").references == ()
    assert peek(b"In-Reply-To: <a@x>\r\nReferences: <r@x>\r\n").references == ("<r@x>",)


@pytest.mark.parametrize("value", [b"e\0n", b"<script>", b"e" * 99, b"de en", b"", b"en;q=1"])
def test_a_language_that_is_no_tag_is_none(value):
    assert peek(b"Content-Language: " + value + b"\r\n").content_language is None


def test_eight_bit_text_is_read_as_utf_8_and_marked_where_it_is_not():
    assert peek("From: Jürgen <j@x>\r\n".encode()).from_ == "Jürgen <j@x>"
    assert peek(b"From: J\xfcrgen <j@x>\r\n").from_ == "J\ufffdrgen <j@x>"


NAMES = st.sampled_from(
    [
        b"Message-ID",
        b"References",
        b"Auto-Submitted",
        b"From",
        b"List-Id",
        b"X",
        b"",
        b"In-Reply-To",
    ]
)
LINES = st.tuples(NAMES, st.sampled_from([b":", b": ", b" :", b""]), st.binary(max_size=80))
HEADERS = st.lists(LINES.map(b"".join), max_size=12).map(b"\r\n".join)


@given(HEADERS | st.binary(max_size=400), st.booleans())
@example(b"\n" * 10, False)
@example(b"Message-ID:<\r\n>", False)
def test_never_raises_and_gives_nothing_that_breaks_a_header(header, cut):
    seen = peek(header, cut=cut)
    kept = seen.message_id or "<x>"
    assert kept.isprintable()
    assert len(kept) <= 998
    for value in (*seen.references, kept if is_message_id(kept) else "<x>"):
        assert value.isascii()
        assert value.isprintable()
        assert " " not in value
        assert len(value) <= 252
    texts = (seen.from_, seen.auto_submitted, seen.precedence, seen.content_language)
    for text in texts:
        assert text is None or (len(text) <= 998 and not set(text) & {"\r", "\n", "\0"})
    assert len(seen.references) <= 20
    assert seen.readable is not (cut or re.search(rb"\r[^\r\n]", header) is not None)


@given(HEADERS)
def test_cutting_whole_lines_off_finds_no_more(header):
    whole = peek(header)
    part = peek(header[: header.rfind(b"\n") + 1])
    assert set(part.list_headers) <= set(whole.list_headers)
