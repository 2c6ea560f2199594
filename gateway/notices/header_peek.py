"""The few header fields that decide about a notice, read out of a hostile header block.

A small field scan and not :mod:`email`: the standard parser decodes encoded words, builds the
whole message and takes a bare CR for a line end; here eleven fields are wanted, as they stand,
and nothing of the rest may be kept. What goes into a header of ours later (message ids, a
language tag) is taken only where it fits a narrow grammar, so that it can carry no line break.
"""

from __future__ import annotations

import re

from gateway.model import Peek

LIMIT = 65536
"""Bytes of a header block that are captured; a block as long as this is one that was cut."""

LIST_FIELDS = (
    "list-id",
    "list-help",
    "list-unsubscribe",
    "list-subscribe",
    "list-post",
    "list-owner",
    "list-archive",
)
"""The seven of RFC 2369 and RFC 2919 that RFC 5230 section 4.6 names."""

_WANTED = frozenset(
    {
        "message-id",
        "references",
        "in-reply-to",
        "auto-submitted",
        "precedence",
        "x-auto-response-suppress",
        "content-language",
        "from",
        *LIST_FIELDS,
    }
)

# RFC 5322 section 3.6.8, and section 4.5.4's white space before the colon.
_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
# Wider than RFC 5322's msg-id (many programs leave out the "@"), narrower in length: with its
# name in front, each stays far below the 998 octets of a line.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_LANGUAGES = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*(?: *, *[A-Za-z0-9-]{1,35}){0,8}")
_BARE_CR = re.compile(rb"\r(?=[^\r\n])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_MOST_REFERENCES = 20
_MOST_LINES = 4000  # of 64 KB: nobody's lines are so short but theirs who would keep us busy
_LONGEST_VALUE = 998


def peek(header: bytes, *, cut: bool = False) -> Peek:
    """Read the header fields of one message, RFC 5322 section 2.2, at most 64 KB.

    ``header`` is the block up to the empty line, or with it. ``cut`` says that the capture ended
    before the block did; a block of :data:`LIMIT` bytes is taken as cut without being told. Line
    ends may be CRLF or LF; with bare CRs among them it is not readable. A line that is no field is
    passed over. Never raises.
    """
    cut = cut or len(header) >= LIMIT or header.count(b"\n") > _MOST_LINES
    fields = _fields(header, cut=cut)
    return Peek(
        message_id=_kept_id(fields.get("message-id", [])),
        references=_references(fields),
        auto_submitted=_joined(fields, "auto-submitted"),
        precedence=_joined(fields, "precedence"),
        list_headers=tuple(name for name in LIST_FIELDS if name in fields),
        x_auto_response_suppress=_joined(fields, "x-auto-response-suppress"),
        content_language=_language(fields.get("content-language", [])),
        from_=_joined(fields, "from"),
        # Behind a bare CR some readers see a field, where we see none: "Auto-Submitted", say.
        readable=not cut and _BARE_CR.search(header) is None,
    )


def _fields(header: bytes, *, cut: bool) -> dict[str, list[str]]:
    """Values of the wanted fields by lower-case name, unfolded, in their order."""
    lines = header.split(b"\n", _MOST_LINES)
    if cut:
        # Half a line says nothing: "Auto-Submitted: n" is not "no".
        lines.pop()
    found: dict[str, list[list[bytes]]] = {}
    parts: list[bytes] | None = None
    for raw in lines:
        line = raw.rstrip(b"\r")
        if not line:
            break
        if line[:1] in b" \t":
            if parts is not None:
                parts.append(line)
            continue
        parts = None
        match = _FIELD.match(line)
        if match is None:
            continue
        name = match[1].decode("ascii").lower()
        if name in _WANTED:
            parts = [line[match.end() :]]
            found.setdefault(name, []).append(parts)
    return {name: [_text(b"".join(v)) for v in values] for name, values in found.items()}


def _text(value: bytes) -> str:
    """A value as text: controls are spaces, what is not UTF-8 is marked."""
    return _CONTROLS.sub(" ", value.decode("utf-8", "replace")).strip()


def _joined(fields: dict[str, list[str]], name: str) -> str | None:
    """All values of a field by commas: where two contradict each other, both are to be seen."""
    values = fields.get(name)
    return None if values is None else ", ".join(values)[:_LONGEST_VALUE]


def is_message_id(text: str) -> bool:
    """Whether a header of ours may bear it."""
    return _MESSAGE_ID.fullmatch(text) is not None


def _kept_id(values: list[str]) -> str | None:
    """The first id that is one; else, for whoever looks for it, what stands there, made plain."""
    for value in values:
        if match := _MESSAGE_ID.search(value):
            return match[0]
    for value in values:
        words = " ".join(value.split())[:_LONGEST_VALUE]
        if words:
            return "".join(char if char.isprintable() else "\ufffd" for char in words)
    return None


def _references(fields: dict[str, list[str]]) -> tuple[str, ...]:
    """What the References of an answer begin with, RFC 5322 section 3.6.4.

    Where the message has none, its In-Reply-To serves if it holds exactly one id. A long thread
    keeps its first id, which names it, and its last ones, which a reader hangs the answer on.
    """
    ids = _MESSAGE_ID.findall(" ".join(fields.get("references", [])))
    if not ids:
        ids = _MESSAGE_ID.findall(" ".join(fields.get("in-reply-to", [])))
        ids = ids if len(ids) == 1 else []
    if len(ids) > _MOST_REFERENCES:
        ids = [ids[0], *ids[1 - _MOST_REFERENCES :]]
    return tuple(ids)


def _language(values: list[str]) -> str | None:
    """The language tags of RFC 3282, or ``None`` where the field holds anything else."""
    for value in values:
        if match := _LANGUAGES.fullmatch(value):
            return match[0]
    return None
