"""The words of a notice with their shape: written once, laid out as text and as HTML.

A template yields plain text with four marks, so that whoever writes it writes one file and the
two forms of a message can't disagree::

    Subject: One line

    # The heading
    ## A section
    A paragraph, until an empty line.

    - an item
      and its next line, two spaces in
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 72
"""Columns of text/plain; RFC 5322 section 2.1.1 asks for fewer than 78, quoting needs room."""

_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Heading:
    """The one heading of a notice (level 1), or that of a section (level 2)."""

    level: int
    text: str
    kind: str = "heading"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words on one line, to be broken into lines between any two."""

    text: str
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Items:
    """A list; each item is a tuple of its lines, one or more."""

    items: tuple[tuple[str, ...], ...]
    kind: str = "items"


Block = Heading | Paragraph | Items


@dataclass(frozen=True, slots=True)
class Prose:
    """A whole notice."""

    subject: str
    blocks: tuple[Block, ...]

    @property
    def words(self) -> str:
        """Subject and text on one line, for who looks for something in it."""
        return " ".join([self.subject, *(line for b in self.blocks for line in _lines(b))])


def parse(source: str) -> Prose:
    """Read what a template yielded. Raises ``ValueError`` that says what is not as it should be.

    Runs of white space are one space. The first line is the subject; one ``#`` heading comes
    first.
    """
    first, _, rest = source.strip().partition("\n")
    name, colon, subject = first.partition(":")
    if name.strip() != "Subject" or not colon or not subject.strip():
        raise ValueError("the first line is not 'Subject: …'")
    blocks = tuple(_blocks(rest))
    titles = [b for b in blocks if isinstance(b, Heading) and b.level == 1]
    if len(titles) != 1 or blocks[0] is not titles[0]:
        raise ValueError("after the subject comes one heading '# …', and no second one")
    return Prose(" ".join(subject.split()), blocks)


def as_text(prose: Prose, width: int = WIDTH) -> str:
    """Give the text/plain form: each line at most ``width`` columns, LF line ends, no subject.

    Behaviour N6.
    """
    parts: list[str] = []
    indent = ""
    for block in prose.blocks:
        if isinstance(block, Heading):
            indent = _INDENT if block.level > 1 else ""
            lines = wrap(block.text, width)
        elif isinstance(block, Paragraph):
            lines = wrap(block.text, width, indent, indent)
        else:
            lines = [line for item in block.items for line in _item(item, width, indent)]
        # A section's heading stands right above its first words.
        is_section = isinstance(block, Heading) and block.level > 1
        parts += [*lines] if is_section else [*lines, ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Break ``text`` into lines of at most ``width`` columns, the prefixes included.

    ``first`` goes before the first line, ``rest`` before all others.

    A word wider than a line is broken too; a URL is then put into angle brackets, inside which
    line breaks don't count (RFC 3986 appendix C).
    """
    lines: list[str] = []
    line, filled = first, False
    for word in text.split():
        if filled and columns(line) + 1 + columns(word) <= width:
            line += " " + word
            continue
        if filled:
            lines.append(line)
            line = rest
        *whole, last = _pieces(word, width - max(columns(first), columns(rest)))
        for piece in whole:
            lines.append(line + piece)
            line = rest
        line, filled = line + last, True
    return [*lines, line]


def columns(text: str) -> int:
    """How many columns a terminal gives the text: wide letters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _pieces(word: str, room: int) -> list[str]:
    if columns(word) <= room:
        return [word]
    if word.startswith(("https://", "http://")):
        word = f"<{word}>"
    pieces, piece, taken = [], "", 0
    for letter in word:
        wide = _columns(letter)
        if taken + wide > room:
            pieces.append(piece)
            piece, taken = "", 0
        piece += letter
        taken += wide
    return [*pieces, piece]


def _blocks(source: str) -> Iterator[Block]:
    """Blocks in their order; items of one list may stand apart by empty lines."""
    words: list[str] = []
    items: list[list[str]] = []
    for line in source.split("\n"):
        text = " ".join(line.split())
        is_item = line.startswith("- ")
        goes_on = is_item or (bool(items) and line.startswith(_INDENT)) or not text
        if words and (is_item or not text or line.startswith("#")):
            yield Paragraph(" ".join(words))
            words = []
        if items and not goes_on:
            yield Items(tuple(map(tuple, items)))
            items = []
        if line.startswith(("# ", "## ")):
            marks, _, heading = text.partition(" ")
            yield Heading(len(marks), heading)
        elif is_item:
            items.append([text[2:]])
        elif items and text:
            items[-1].append(text)
        elif text:
            words.append(text)
    if words:
        yield Paragraph(" ".join(words))
    if items:
        yield Items(tuple(map(tuple, items)))


def _item(item: tuple[str, ...], width: int, indent: str) -> Iterator[str]:
    hanging = indent + _INDENT
    head, *more = item
    yield from wrap(head, width, indent + "- ", hanging)
    for line in more:
        yield from wrap(line, width, hanging, hanging)


def _lines(block: Block) -> tuple[str, ...]:
    if isinstance(block, Items):
        return tuple(line for item in block.items for line in item)
    return (block.text,)
