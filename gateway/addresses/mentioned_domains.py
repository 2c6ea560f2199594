"""Every domain that stands anywhere in a path, however the path is parted.

Servers differ in what they make of a path that is not plain: which ``@`` counts, what a quote, a
comment, a blank or a backslash does, whether ``%`` and ``!`` route, whether an encoded word is
decoded. Rather than to imitate each, all that could be a domain in any of these views is given; who
asks looks whether it is a domain that matters.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from gateway.addresses.domain_name import DomainError, normalise
from gateway.addresses.encapsulation import without_hex
from gateway.addresses.mailbox import mailbox_key
from gateway.addresses.path_reading import without_comments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_NAMES: Final = 64
"""Names in one path beyond which nobody looks further: it cannot be read."""

MOST_SIGNS: Final = 512
"""Signs of a path, in Unicode's compatibility form, beyond which it is the same."""

# Words before a domain that may be its mailbox: a tag may hold signs that part words.
_NEAR: Final = 4

# RFC 2047 section 2; some servers decode it where it does not belong.
_ENCODED_WORD: Final = re.compile(r"=\?[^?\s]*\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_DROPPED: Final = re.compile(r'["\\\x00-\x1f\x7f]')
_BLANK: Final = re.compile("[\\s\ufffd]+")
_DOTS: Final = re.compile(r"\.\.+")
_PARTING: Final = re.compile(r"[^\w.+\-'~]+")
_NAME: Final = re.compile(r"[^\W_]+(?:[-.]+[^\W_]+)*")

# What the DNS's own mapping leaves out (UTS #46, "ignored"), and the format characters (Cf).
_IGNORED: Final = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0001-\U000e01ef]"
)


class TooManyNamesError(Exception):
    """A path holds more than is looked at."""


def mentioned_domains(path: bytes) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each domain that a path may hold, once, with the mailboxes it may stand for there.

    Domains are in normal form, mailboxes are keys as of :func:`mailbox_key`. Which
    neighbour of a domain is its mailbox differs from form to form, so both are given.

    Raises :class:`TooManyNamesError` beyond :data:`MOST_NAMES`, or :data:`MOST_SIGNS` in a text.
    """
    seen: dict[str, set[str]] = {}
    for view in _views(path):
        parts = [part for part in _PARTING.split(view) if part]
        for index, part in enumerate(parts):
            if "." not in part:
                continue
            for name in _NAME.findall(part):
                if "." not in name:
                    continue
                neighbours = seen.setdefault(name, set())
                neighbours.update(parts[max(index - _NEAR, 0) : index])
                neighbours.update(parts[index + 1 : index + 2])
                if len(seen) > MOST_NAMES:
                    raise TooManyNamesError
    for name, neighbours in seen.items():
        try:
            yield normalise(name), tuple(mailbox_key(each) for each in sorted(neighbours))
        except DomainError:
            continue


def _views(path: bytes) -> Iterable[str]:
    """The texts in which names are looked for, each once: ten at most."""
    raw = path.decode("utf-8", "replace")
    found: dict[str, None] = {}
    plain = _folded(raw)
    decoded = without_hex(_folded(_ENCODED_WORD.sub(_decoded, raw)))
    for text in dict.fromkeys((plain, decoded)):
        found |= dict.fromkeys(_parted(text))
    return found


def _parted(text: str) -> Iterator[str]:
    """One text, its comments and blanks as servers take them: kept, dropped, or for dots."""
    yield _DROPPED.sub("", text)
    if "(" in text:
        bare = _commented(text, "")
        yield _DROPPED.sub("", bare)
        yield _DROPPED.sub("", _BLANK.sub("", bare))
    if _BLANK.search(text) is not None or "(" in text:
        yield _DROPPED.sub("", _BLANK.sub("", text))
        # Sendmail puts a dot where blanks or comments part words (option BlankSub).
        yield _DROPPED.sub("", _DOTS.sub(".", _BLANK.sub(".", _commented(text, " "))))


def _commented(text: str, instead: str) -> str:
    return without_comments(text.encode(), instead.encode()).decode()


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    # One sign may stand for eighteen (NFKC): what is folded is bounded before and behind.
    mapped = unicodedata.normalize("NFKC", text.casefold()).replace("\u3002", ".")
    if len(mapped) > MOST_SIGNS:
        raise TooManyNamesError
    return _IGNORED.sub("", mapped)


def _decoded(match: re.Match[str]) -> str:
    content = match[2].encode("utf-8")
    try:
        if match[1] in "bB":
            octets = base64.b64decode(content + b"=" * (-len(content) % 4))
        else:
            octets = quopri.decodestring(content, header=True)
    except (binascii.Error, ValueError):
        return match[0]
    return octets.decode("utf-8", "replace")
