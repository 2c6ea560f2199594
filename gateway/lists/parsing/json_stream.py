"""A JSON file looked at stretch by stretch: its signs and its values, however long it is."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Never

from gateway.lists.parsing.untrusted_file import refuse, sniffed

if TYPE_CHECKING:
    from gateway.lists.parsing.untrusted_file import UntrustedFile

MAX_VALUE = 4 * 1024 * 1024
"""Characters in one value. The longest of the lists' and of the registry's have some 100,000."""

_CHUNK = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"[-+.0-9eE]+")
AGAIN = "fetch it again"


class JsonStream:
    """The stretch of a file that is being looked at, and the line where it begins.

    ``most`` bounds the characters of the file, where what is made of it is held to the end. What
    is not UTF-8, not JSON, cut short or too long is refused, with its line: every method may raise
    :class:`gateway.errors.ListError`.
    """

    def __init__(self, file: UntrustedFile, most: int | None = None) -> None:
        self._part = file
        self._most = most
        self._stream = sniffed(file).stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._has_ended = False
        self._size = 0
        self.line = 1

    def next_character(self) -> str:
        """Pass over space and give the sign behind it; empty at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None
            self._pass(space.end())
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, *wanted: str) -> str:
        """Take one of these signs; anything else is refused."""
        sign = self.next_character()
        if sign not in wanted:
            self._refuse_for(" or ".join(map(repr, wanted)))
        self._at += 1
        return sign

    def value(self) -> object:
        """Take the value that begins here."""
        if not self.next_character():
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
                self._refuse_value(error)
            except ValueError as error:
                self.refuse(f"is no JSON: {error}; {AGAIN}")
            # A number at the end of the stretch may go on: "1." is read as 1.
            if self._ends_in_number() and self._is_short() and self._more():
                continue
            if end - self._at > MAX_VALUE:
                self.refuse(f"has a value of more than {MAX_VALUE} characters")
            self._pass(end)
            return found

    def object(self) -> dict[str, object]:
        """Take the object that begins here."""
        if self.next_character() != "{":
            self._refuse_for("an object")
        found = self.value()
        assert isinstance(found, dict)
        return found

    def refuse(self, why: str, line: int | None = None) -> Never:
        """Refuse the file, at this line or another: raises :class:`gateway.errors.ListError`."""
        refuse(self._part, line or self.line, why)

    def _refuse_value(self, error: json.JSONDecodeError) -> Never:
        line = self.line + self._text.count("\n", self._at, error.pos)
        if not self._is_short():
            self.refuse(f"has a value of more than {MAX_VALUE} characters", line)
        if self._has_ended and _is_at_the_end(error):
            self.refuse(f"ends within a value: it was cut short; {AGAIN}", line)
        self.refuse(f"is no JSON: {error.msg}; {AGAIN}", line)

    def _refuse_for(self, wanted: str) -> Never:
        if sign := self.next_character():
            self.refuse(f"is no JSON: {sign!r} stands where {wanted} should; {AGAIN}")
        self.refuse(f"ends where {wanted} should be: it was cut short; {AGAIN}")

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
        except UnicodeDecodeError as error:
            line = self.line + self._text.count("\n", self._at)
            line += error.object.count(b"\n", 0, error.start)
            self.refuse(f"is not UTF-8; {AGAIN} as it is published", line)
        self._size += len(more)
        if self._most is not None and self._size > self._most:
            self.refuse(f"has more than {self._most} characters; is it the right file?")
        self._text = self._text[self._at :] + more
        self._at = 0
        return not self._has_ended


def _is_at_the_end(error: json.JSONDecodeError) -> bool:
    """Whether it is the end that is wrong, not something in the middle."""
    # A string without its end is told at its start, a word such as "true" at its first letter.
    left = len(error.doc.rstrip()) - error.pos
    return error.msg.startswith("Unterminated string") or left < len("false")
