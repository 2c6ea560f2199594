"""JSON objects, one after another: a line each, or all in one array, however long the file is."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Never

from gateway.lists.part import refuse, rewound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.part import Part

MAX_RECORD = 4 * 1024 * 1024
"""Characters in one object. The Research Organization Registry's longest has some 100,000."""

_CHUNK = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")


def records(part: Part) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each object with the line it begins at.

    The file is an array of objects, or objects with nothing but space between them (JSON lines).
    Only one object and one chunk are held at a time.

    Raises :class:`gateway.errors.ListError`, with the line, for what is not UTF-8, not JSON, cut
    short, no object, or an object that is too long.
    """
    text = _Text(part)
    first = text.sign()
    is_array = first == "["
    if is_array:
        text.skip()
        first = text.sign()
    if not first or (is_array and first == "]"):
        refuse(part, text.line, "holds no record; fetch it again")
    while True:
        yield text.line, text.record()
        sign = text.sign()
        if not is_array:
            if not sign:
                return
            continue
        if sign == "]":
            text.skip()
            break
        if sign != ",":
            text.refuse_end(sign, "a comma or a bracket")
        text.skip()
        text.sign()
    if text.sign():
        refuse(part, text.line, "goes on behind the array's end; fetch it again")


class _Text:
    """The part of a file that is being looked at, and how far it is from the start."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._stream = rewound(part).stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def sign(self) -> str:
        """Pass over space and give the sign behind it, not taken yet; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None
            self._pass(space.end())
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Take one sign."""
        self._at += 1

    def record(self) -> dict[str, object]:
        """Take the object that begins here."""
        if self._text[self._at : self._at + 1] != "{":
            self.refuse_end(self._text[self._at : self._at + 1], "an object")
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                refuse(self._part, self.line, "is nested too deeply")
            except json.JSONDecodeError as error:
                # What looks wrong may only not be here yet.
                too_long = len(self._text) - self._at > MAX_RECORD
                if not too_long and self._more():
                    continue
                line = self.line + self._text.count("\n", self._at, error.pos)
                if self._ended and _is_at_the_end(error):
                    self.refuse_end("", "the rest of a record", line)
                refuse(self._part, line, f"is no JSON: {error.msg}; fetch it again")
            except ValueError as error:
                refuse(self._part, self.line, f"is no JSON: {error}")
            if end - self._at > MAX_RECORD:
                refuse(self._part, self.line, f"has a record of more than {MAX_RECORD} characters")
            self._pass(end)
            assert isinstance(found, dict)
            return found

    def refuse_end(self, sign: str, wanted: str, line: int | None = None) -> Never:
        """Refuse the file because something else stands here, or nothing any more."""
        line = line or self.line
        if sign:
            refuse(self._part, line, f"is no JSON: {sign!r} stands where {wanted} should")
        refuse(self._part, line, f"ends where {wanted} should be: cut short? fetch it again")

    def _pass(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end

    def _more(self) -> bool:
        # Twice as much each time, so that a long record is not tried over and over.
        size = max(_CHUNK, len(self._text) - self._at)
        chunk = self._stream.read(size)
        self._ended = not chunk
        try:
            more = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            line = self.line + self._text.count("\n", self._at)
            line += error.object.count(b"\n", 0, error.start)
            refuse(self._part, line, "is not UTF-8; fetch it again as it is published")
        self._text = self._text[self._at :] + more
        self._at = 0
        return not self._ended


def _is_at_the_end(error: json.JSONDecodeError) -> bool:
    """Whether it is the end that is wrong, not something in the middle."""
    # A string without its end is told at its start, a word such as "true" at its first letter.
    left = len(error.doc.rstrip()) - error.pos
    return error.msg.startswith("Unterminated string") or left < len("false")
