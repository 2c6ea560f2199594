from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.notices.prose import Heading, Items, Paragraph, Prose, as_text, columns, parse, wrap

SOURCE = """
Subject:  A   word

# Title
Some words
go on.

- one
  more of it

- two

## Section

After it.
"""


def test_reads_the_four_marks():
    assert parse(SOURCE) == Prose(
        "A word",
        (
            Heading(1, "Title"),
            Paragraph("Some words go on."),
            Items((("one", "more of it"), ("two",))),
            Heading(2, "Section"),
            Paragraph("After it."),
        ),
    )


def test_blocks_end_without_empty_lines_too():
    blocks = parse("Subject: x\n# T\na\n- b\nc\n## S\nd\n- e").blocks
    assert [block.kind for block in blocks] == [
        "heading",
        "paragraph",
        "items",
        "paragraph",
        "heading",
        "paragraph",
        "items",
    ]


def test_words_are_all_of_it_on_one_line():
    assert (
        parse(SOURCE).words == "A word Title Some words go on. one more of it two Section After it."
    )


@pytest.mark.parametrize("source", ["", "# Title", "Subject:\n# T", "Subject x\n# T", "x: y\n# T"])
def test_a_text_without_a_subject_is_refused(source):
    with pytest.raises(ValueError, match="first line"):
        parse(source)


@pytest.mark.parametrize(
    "source", ["Subject: x", "Subject: x\nwords\n# T", "Subject: x\n# T\n# T", "Subject: x\n## T"]
)
def test_one_heading_comes_first(source):
    with pytest.raises(ValueError, match="one heading"):
        parse(source)


def test_text_sets_sections_in_and_lists_hanging():
    long = "word " * 16
    source = f"Subject: x\n# Title\n{long}\n## Section\n{long}\n- {long}\n  {long}"
    assert as_text(parse(source)) == (
        "Title\n"
        "\n"
        "word word word word word word word word word word word word word word\n"
        "word word\n"
        "\n"
        "Section\n"
        "  word word word word word word word word word word word word word word\n"
        "  word word\n"
        "\n"
        "  - word word word word word word word word word word word word word\n"
        "    word word word\n"
        "    word word word word word word word word word word word word word\n"
        "    word word word\n"
    )


def test_a_url_wider_than_a_line_is_broken_inside_angle_brackets():
    url = "https://example.edu/" + "a" * 100
    lines = wrap(f"See {url} there", 72)
    assert "".join(lines[1:]).startswith(f"<{url}>")
    assert max(map(len, lines)) == 72


def test_columns_are_those_of_a_terminal():
    assert columns("哈尔滨") == 6
    assert columns("e\u0301") == 1
    assert columns("Jürgen") == 6


@given(st.text(), st.integers(10, 80), st.sampled_from([("", ""), ("- ", "  ")]))
def test_n06_wrapping_keeps_every_word_and_never_passes_the_width(text, width, prefixes):
    lines = wrap(text, width, *prefixes)
    assert all(columns(line) <= width for line in lines)
    if "http" not in text:
        kept = "".join("".join(line[len(prefixes[0]) :].split()) for line in lines)
        assert kept == "".join(text.split())


@given(st.text())
def test_any_source_is_prose_or_told(source):
    try:
        prose = parse("Subject: x\n# T\n" + source)
    except ValueError:
        return
    assert all(columns(line) <= 72 for line in as_text(prose).split("\n"))
