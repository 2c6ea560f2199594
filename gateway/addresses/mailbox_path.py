"""The path that a MAIL or RCPT line bears, and the ORCPT beside it: RFC 5321 section 4.1.2.

A line is parted here into its path and its parameters, and nothing more. What mailbox a path
names is read by :mod:`gateway.addresses.path_reading`.
"""

from __future__ import annotations

import re
from typing import Final

PATH_LIMIT: Final = 1000
"""Octets of a path that are read: RFC 5321 section 4.5.3.1.3 gives one 256. Postfix cuts a line at
2,048 without a word, and would read another path in what is left."""

_BLANKS: Final = b" \t\r\n\x0b\x0c"

PARAMETER: Final = (
    rb"(?i:(?:BODY|BY|HOLDFOR|HOLDUNTIL|LIMITS|MT-PRIORITY|NOTIFY|RET|RRVS|SIZE)=[A-Z0-9:;,.+-]*"
    rb"|(?:AUTH|ENVID|ORCPT|SOLICIT|SUBMITTER|TRANSID)=[^\s<>]*"
    rb"|CONPERM|CONNEG|REQUIRETLS|SMTPUTF8)"
)
"""The parameters of MAIL and RCPT that are registered with IANA ("SMTP Service Extensions").

A word that is none of them may be read as more of the path, and so it is looked at as such."""

_PARAMETER: Final = re.compile(PARAMETER)
_ORCPT: Final = re.compile(rb"(?i)[ \t]ORCPT=rfc822;([^ \t\r\n]+)")
# RFC 3461 section 4 wants capitals; servers take small letters as well.
_XTEXT: Final = re.compile(rb"\+([0-9A-Fa-f]{2})")
_PAIR_OR_QUOTED: Final = re.compile(rb'\\.|"(?:[^"\\]|\\.)*"', re.DOTALL)


def path(line: bytes) -> bytes:
    """The path of a MAIL or RCPT line as it stands there, brackets and all; ``b""``: it has none.

    ``RCPT TO:<a@b> NOTIFY=NEVER`` gives ``<a@b>``. What is neither within brackets nor a known
    parameter is part of the path: a lenient server may read its address there.
    """
    start = line.find(b":") + 1
    argument = line[start:] if start else b""
    end = argument.find(b">") + 1
    if end and argument[:1] == b"<" and b'"' not in argument[:end]:
        behind = argument[end:]
        if start + end <= PATH_LIMIT and not behind.translate(None, _BLANKS):
            return argument[:end]
    words, left = argument.rsplit(None, 1), argument
    while len(words) == 2 and _PARAMETER.fullmatch(words[1]) is not None:
        left = words[0]
        words = left.rsplit(None, 1)
    if _is_whole(left):
        argument = left
    # Too far behind in its line it may be cut on its way: it shows by its length.
    is_far = start + len(argument) > PATH_LIMIT
    return line[:start] + argument if is_far else argument.strip(_BLANKS)


def _is_whole(named: bytes) -> bool:
    """Whether nothing is open at a path's end: what follows a quote is no parameter."""
    bare = _PAIR_OR_QUOTED.sub(b"", named)
    return (
        b'"' not in bare
        and b"\\" not in bare
        and bare.count(b"(") == bare.count(b")")
        and bare.count(b"[") == bare.count(b"]")
        and bare.count(b"<") == bare.count(b">")
    )


def without_brackets(named: bytes) -> bytes:
    """A path without the brackets around it, if there are any; what is in them is not looked at."""
    return named[1:-1] if named.startswith(b"<") and named.endswith(b">") else named


def original_recipient(line: bytes) -> bytes | None:
    """The mailbox that a RCPT line's ORCPT names, xtext decoded (RFC 3461 sections 4 and 4.2).

    ``None``: it has none, or one of another address type than ``rfc822``.
    """
    found = _ORCPT.search(line, line.rfind(b">") + 1 if b">" in line else 0)
    return _XTEXT.sub(_octet, found[1]) if found is not None else None


def _octet(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))
