"""Header fields of a message of ours, RFC 5322 section 2.2 and 3.6.

Written out here and not left to :mod:`email`: its folding turns a long References or display
name into encoded words where none may stand. A field is made of words; it is folded between them
and nowhere else. No value can carry a line break: :func:`clean` and :func:`atom` see to that.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOLD = 76
_NO_ATOM = re.compile(r"[^A-Za-z0-9.-]")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


class _AsWritten(EmailPolicy):
    """Fields given as plain text go out as they are, folded at spaces; line ends are CRLF."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Keep a text as a text; RFC 2045's fields, which :mod:`email` sets itself, it parses."""
        if name.lower().startswith(("content-type", "content-transfer", "mime-")):
            return super().header_store_parse(name, value)
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ARG002, RUF100
        """Give back what was stored."""
        return value

    def fold(self, name: str, value: Any) -> str:
        """One field with its line end."""
        if isinstance(value, str) and not hasattr(value, "fold"):
            return _folded(name, value)
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        """The same in bytes: UTF-8, which only an address by RFC 6531 makes differ from ASCII."""
        return self.fold(name, value).encode("utf-8")


_POLICY = _AsWritten(linesep="\r\n", max_line_length=78, cte_type="7bit")


def empty_message() -> EmailMessage:
    """Make an empty message that keeps to these rules."""
    return EmailMessage(policy=_POLICY)


def add_field(to: EmailMessage, name: str, value: str) -> None:
    """Add a field; raises ``ValueError`` where its value holds a control character."""
    if any(unicodedata.category(letter) == "Cc" for letter in value):
        raise ValueError(f"{name} would hold a control character")
    to[name] = value


def serialise(whole: EmailMessage) -> bytes:
    """Give the bytes for SMTP: CRLF, no line above 998 octets, no dots doubled."""
    return whole.as_bytes(policy=_POLICY)


def clean(text: str) -> str:
    """A text on one line: no controls, and nothing that turns or hides letters (category Cf)."""
    shown = (
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter
        for letter in text
        if unicodedata.category(letter) not in {"Cf", "Cs"}
    )
    return " ".join("".join(shown).split())


def atom(text: str) -> str:
    """A text as a part of a message id: what doesn't fit an atom is a hyphen."""
    return _NO_ATOM.sub("-", text)


def mailbox(address: str, name: str | None = None) -> str:
    """A mailbox with or without a display name, RFC 5322 section 3.4; the name by RFC 2047."""
    name = clean(name or "")
    if not name:
        return f"<{clean(address)}>"
    if not name.isascii():
        name = _encoded(name)
    elif not _PHRASE.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{clean(address)}>"


def unstructured(text: str) -> str:
    """Free text such as a subject, by RFC 2047 where it is not ASCII."""
    text = clean(text)
    return text if text.isascii() else _encoded(text)


def ids(values: Iterable[str]) -> str:
    """Message ids, each in its angle brackets, as the value of In-Reply-To or References."""
    return " ".join(clean(value).replace(" ", "") for value in values)


def date(at: dt.datetime) -> str:
    """An aware time as RFC 5322 section 3.3 writes it."""
    return format_datetime(at)


def day(text: str | None) -> dt.date | None:
    """An ISO 8601 day; ``None`` for nothing and for what is no day."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def _encoded(text: str) -> str:
    return " ".join(Header(text, "utf-8", maxlinelen=_FOLD - 12).encode().split())


def _folded(name: str, value: str) -> str:
    line, lines = f"{name}:", []
    for word in value.split(" "):
        # Not right behind the name: a line of nothing but white space may follow from it.
        if len(line) + 1 + len(word) > _FOLD and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line]) + "\r\n"
