"""The objects of an array that a JSON object holds, one after another, however long the file is."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Never

from gateway.lists.part import refuse, rewound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.part import Part

MAX_VALUE = 4 * 1024 * 1024
"""Characters in one value. The Consolidated Screening List's longest has some 100,000."""

MAX_FILE = 256 * 1024 * 1024
"""Characters in the file: what is made of its objects is held to the end. The list's has 33 MB."""

_CHUNK = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"[-+.0-9eE]+")
_AGAIN = "fetch it again"


def objects_under(part: Part, key: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each object of the array under a key of the document's outermost object, and its line.

    Other keys are passed over. Only one value and one chunk are held at a time.

    Raises :class:`gateway.errors.ListError`, with the line, for what is not UTF-8, not JSON, cut
    short, goes on behind its end, holds anything but objects in the array, or has no such array.
    """
    text = _Text(part)
    has_array = False
    text.take("{")
    if text.sign() == "}":
        refuse(part, text.line, "is an empty JSON object; is it the right file?")
    while True:
        name = text.value()
        text.take(":")
        if name == key and text.sign() == "[":
            has_array = True
            yield from _objects(text)
        else:
            text.value()
        if text.take(",", "}") == "}":
            break
    if text.sign():
        text.refuse(f"goes on behind its end; {_AGAIN}")
    if not has_array:
        refuse(part, None, f"is JSON without an array {key!r}; is it the right file?")


def _objects(text: _Text) -> Iterator[tuple[int, dict[str, object]]]:
    text.take("[")
    if text.sign() == "]":
        text.take("]")
        return
    while True:
        text.sign()
        line, found = text.line, text.value()
        if not isinstance(found, dict):
            text.refuse("has something else than objects in its array; is it the right file?")
        yield line, found
        if text.take(",", "]") == "]":
            return


class _Text:
    """The stretch of a file that is being looked at, and the line where it begins."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._stream = rewound(part).stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._has_ended = False
        self._size = 0
        self.line = 1

    def sign(self) -> str:
        """Pass over space and give the sign behind it; empty at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None
            self._pass(space.end())
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, *wanted: str) -> str:
        """Take one of these signs; anything else is refused."""
        sign = self.sign()
        if sign not in wanted:
            self._refuse_for(" or ".join(map(repr, wanted)))
        self._at += 1
        return sign

    def value(self) -> object:
        """Take the value that begins here."""
        if not self.sign():
            self._refuse_for("a value")
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                self.refuse("is nested too deeply; is it the right file?")
            except json.JSONDecodeError as error:
                # What looks wrong may only not be here yet.
                if self._is_short() and self._more():
                    continue
                why = "was cut short" if self._has_ended else "has too long a value"
                self.refuse(f"is no JSON here, or {why}: {error.msg}; {_AGAIN}")
            except ValueError as error:
                self.refuse(f"is no JSON: {error}; {_AGAIN}")
            # A number at the end of the stretch may go on: "1." is read as 1.
            if self._ends_in_number() and self._is_short() and self._more():
                continue
            if end - self._at > MAX_VALUE:
                self.refuse(f"has a value of more than {MAX_VALUE} characters")
            self._pass(end)
            return found

    def refuse(self, why: str) -> Never:
        """Refuse the file, at this line."""
        refuse(self._part, self.line, why)

    def _refuse_for(self, wanted: str) -> Never:
        if sign := self.sign():
            self.refuse(f"is no JSON: {sign!r} stands where {wanted} should; {_AGAIN}")
        self.refuse(f"ends where {wanted} should be: it was cut short; {_AGAIN}")

    def _ends_in_number(self) -> bool:
        number = _NUMBER.match(self._text, self._at)
        return number is not None and number.end() == len(self._text)

    def _is_short(self) -> bool:
        return len(self._text) - self._at <= MAX_VALUE

    def _pass(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end

    def _more(self) -> bool:
        if self._has_ended:
            return False
        # Twice as much each time, so that a long value is not tried over and over.
        chunk = self._stream.read(max(_CHUNK, len(self._text) - self._at))
        self._has_ended = not chunk
        try:
            more = self._decoder.decode(chunk, final=self._has_ended)
        except UnicodeDecodeError:
            self.refuse(f"is not UTF-8 behind this line; {_AGAIN} as it is published")
        self._size += len(more)
        if self._size > MAX_FILE:
            self.refuse(f"has more than {MAX_FILE} characters; is it the right file?")
        self._text = self._text[self._at :] + more
        self._at = 0
        return not self._has_ended
