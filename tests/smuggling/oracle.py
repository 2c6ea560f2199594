"""Where content ends and what only looks like its end: R10's words, read slowly.

A whole stream at once, line by line, and nothing of the gateway's. What is slow here is obvious:
the scanner under test is neither.
"""

import re
from typing import NamedTuple

# CR, LF and CRLF end a line, and so does a run of CRs before an LF.
LINE = re.compile(rb"([^\r\n]*)(\r+\n|\r|\n)")


class LoneDot(NamedTuple):
    """A line that is one dot when its NULs are removed. ``start`` and ``end``: without line end.

    ``is_exact``: exactly CRLF stands on both sides. A CR before that CRLF is content.
    """

    start: int
    end: int
    is_exact: bool


def lone_dots(content: bytes) -> list[LoneDot]:
    """All of them, by the widest reading: a CR at the very end counts as a line end as well."""
    found, ended_by = [], b"\r\n"  # the CRLF of the DATA command
    for line in LINE.finditer(content):
        text, before, ended_by = line[1], ended_by, line[2]
        if text.replace(b"\0", b"") == b".":
            is_exact = text == b"." and before.endswith(b"\r\n") and ended_by == b"\r\n"
            found.append(LoneDot(line.start(), line.end(1), is_exact))
    return found


class Verdict(NamedTuple):
    """What must become of a stream that begins with content.

    ``content`` is what the message is, up to its terminator; ``rest`` stands behind that.
    ``safe`` is the longest beginning in which nobody sees a lone dot: for an honest message that
    is all of ``content``, for another at most what stands before the line end that would close
    the look-alike.
    """

    is_honest: bool
    content: bytes
    safe: bytes
    rest: bytes


def verdict(stream: bytes, *, refuse: bool = True) -> Verdict:
    """Read a stream in which the content does end."""
    dots = lone_dots(stream)
    end = next(dot for dot in dots if dot.is_exact)
    content, rest = stream[: end.start], stream[end.end + 2 :]
    if dots[0] is end or not refuse:
        return Verdict(True, content, content, rest)
    return Verdict(False, content, stream[: dots[0].end], rest)


class Believed(NamedTuple):
    """A message as a server sees it."""

    envelope: list[bytes]
    content: bytes


def believed(heard: bytes) -> list[Believed]:
    """The messages that the most gullible of servers would take from a client's bytes.

    Any line end ends a command, any lone dot a message; what is not ended is no message.
    """
    taken, envelope, at = [], [], 0
    while line := LINE.match(heard, at):
        at = line.end()
        verb = line[1].replace(b"\0", b"").upper()
        if verb.startswith((b"MAIL", b"RCPT")):
            envelope.append(line[1])
        elif verb == b"DATA":
            dots = lone_dots(heard[at:])
            if not dots:
                break
            taken.append(Believed(envelope, heard[at : at + dots[0].start]))
            closing = LINE.match(heard, at + dots[0].start)
            envelope, at = [], closing.end()
    return taken
