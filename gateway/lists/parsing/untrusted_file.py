"""One file of a list: its bytes, read with suspicion, and its rows.

What is refused is refused as a whole: :class:`ListError`, with the line where there is one.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Never

from gateway.errors import Fault, ListError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINE = 8 * 1024 * 1024
"""Bytes in a line, where a format has lines. OpenSanctions' longest is under one megabyte."""

MAX_FIELD = 1024 * 1024
"""Characters in a field of a CSV file."""

MAX_ROW_LINES = 10_000
"""Lines in one row of a CSV file: a quoted field may go over several."""

_AS_PUBLISHED = "fetch the file again as it is published; save your own list as UTF-8"
_TOO_DEEP = "is nested too deeply; is it the right file?"
_MARKUP = (b"<!doctype html", b"<html")
_BOMS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_HEAD = 40  # bytes: a heading's first words, or the start of an XML declaration
_END_OF_FILE = b"\x1a"  # DOS wrote one behind the last line, and OFAC's files still have it


@dataclass(frozen=True, slots=True)
class UntrustedFile:
    """One file of a list. ``name`` is what errors and places call it; ``stream`` is at its start.

    The stream is read once, from start to end.
    """

    name: str
    stream: BinaryIO


def refuse(file: UntrustedFile, line: int | None, message: str) -> Never:
    """Refuse the file as a whole: raises :class:`ListError`; ``line`` counts from 1."""
    raise ListError([Fault(file.name, line, None, message)])


def lines(file: UntrustedFile) -> Iterator[tuple[int, str]]:
    """Give each line with its number from 1, as text without its end.

    UTF-8, with or without a byte order mark. A file that is something else (a web page, another
    encoding, an endless line) is refused.
    """
    number, is_blank = 0, True
    while line := file.stream.readline(MAX_LINE + 1):
        number += 1
        if is_blank:
            line = _past_the_start(file, line)
            is_blank = not line.strip()
        if len(line) > MAX_LINE:
            refuse(file, number, f"is longer than {MAX_LINE} bytes; this is no such list")
        if line.rstrip() == _END_OF_FILE:
            continue
        if b"\0" in line:
            refuse(file, number, "holds zero bytes: a damaged download; fetch it again")
        try:
            yield number, line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            refuse(
                file,
                number,
                f"byte {error.start + 1} of the line is not UTF-8; {_AS_PUBLISHED}",
            )
    if not number:
        refuse(file, None, "is empty; fetch it again")


def rows(file: UntrustedFile) -> Iterator[tuple[int, list[str]]]:
    """Give each row of a CSV file (RFC 4180) with the number of its first line; no empty ones.

    Refuses what :func:`lines` refuses and what is no CSV.
    """
    starts: list[int] = []

    def numbered() -> Iterator[str]:
        for number, line in lines(file):
            starts.append(number)
            if len(starts) > MAX_ROW_LINES:
                message = f"begins a row of more than {MAX_ROW_LINES} lines: a quote is not closed"
                refuse(file, starts[0], message)
            yield line + "\n"

    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(numbered(), strict=True)
    while True:
        starts.clear()
        try:
            row = next(reader, None)
        except csv.Error as error:
            refuse(file, starts[0] if starts else None, f"is no CSV here: {error}")
        if row is None:
            return
        if any(map(str.strip, row)):
            yield starts[0], row


def objects(file: UntrustedFile) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each object of a file with one JSON object a line, with the line's number.

    Refuses what :func:`lines` refuses and a line of anything else; empty ones are passed over.
    """
    for number, line in lines(file):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except RecursionError:
            refuse(file, number, _TOO_DEEP)
        except ValueError as error:
            refuse(file, number, f"is no JSON: {error}; fetch it again")
        if not isinstance(found, dict):
            refuse(file, number, "is no JSON object")
        yield number, found


def document(file: UntrustedFile, most: int) -> object:
    """Give a file that is one JSON value, of at most so many bytes; anything else is refused."""
    content = file.stream.read(most + 1)
    if len(content) > most:
        refuse(file, None, f"is larger than {most} bytes")
    if not content.strip():
        refuse(file, None, "is empty; fetch it again")
    content = _past_the_start(file, content)
    try:
        return json.loads(content)
    except UnicodeDecodeError as error:
        refuse(file, content.count(b"\n", 0, error.start) + 1, "is not UTF-8")
    except RecursionError:
        refuse(file, None, _TOO_DEEP)
    except ValueError as error:
        refuse(file, getattr(error, "lineno", None), f"is no JSON: {error}; fetch it again")


def sniffed(file: UntrustedFile) -> UntrustedFile:
    """Give the same part, its first bytes looked at: a web page or another encoding is refused.

    For readers that take bytes, such as an XML parser.
    """
    start = file.stream.read(1024)
    if not start:
        refuse(file, None, "is empty; fetch it again")
    start = _past_the_start(file, start)
    return UntrustedFile(file.name, io.BufferedReader(_Rejoined(start, file.stream)))


def _past_the_start(file: UntrustedFile, start: bytes) -> bytes:
    for bom, name in _BOMS.items():
        if start.startswith(bom):
            refuse(file, 1, f"is {name}, not UTF-8; {_AS_PUBLISHED}")
    if _is_utf_16(start):
        refuse(file, 1, f"is UTF-16, not UTF-8; {_AS_PUBLISHED}")
    start = start.removeprefix(codecs.BOM_UTF8)
    if start.lstrip()[:20].lower().startswith(_MARKUP):
        refuse(file, 1, "is a web page, not the list; its address may have moved")
    return start


def _is_utf_16(start: bytes) -> bool:
    """Whether each second byte is zero, as UTF-16 spells Latin letters, whatever it begins with."""
    head = start[:_HEAD]
    return len(head) > 3 and any(not any(head[at::2]) and all(head[1 - at :: 2]) for at in (0, 1))


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were taken, with them again in front."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(found) :] if self._start else b""
        buffer[: len(found)] = found
        return len(found)
