"""Whether a text names a mailbox, however it is spelt there. Pure.

Case does not count, nor how the domain is written (A-labels, U-labels, fullwidth or trailing
dots), nor quotes around the local part, a BATV signature before it, or an SRS wrapping. A longer
address that ends or begins alike (``mary-jane@…`` for ``jane@…``) is another mailbox; so is one
with a ``+tag``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.domain import DomainError, normalise
from gateway.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.ledger.record import JSON

# What may stand before the @ of an address (RFC 5322, 3.2.3) without the =, which ends a BATV
# signature, and letters beyond ASCII (RFC 6531).
_BEFORE = r"(?<![\w.!#$%&'*+/?^`{|}~-])"
_AFTER = r"@(\[[^\]\s]*\]|[\w.\-\u3002\uff0e\uff61]+)"
_ACE = "xn--"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox that is sought: its local part without quotes, its domain in normal form."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def mailbox(text: str) -> Mailbox:
    """Read an address as a person writes it. Raises ``LedgerError`` for what is none."""
    bare = text.strip()
    if bare.endswith(">"):
        bare = bare[bare.rfind("<") + 1 : -1]
    local, _, domain = bare.rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1], flags=re.DOTALL)
    if not local:
        raise LedgerError(f"{text!r} is no address: it must be one, as in jane@example.edu")
    if domain.startswith("["):
        return Mailbox(local, domain.lower())
    try:
        return Mailbox(local, normalise(domain))
    except DomainError as error:
        raise LedgerError(f"{text!r} is no address: {error}") from error


def is_named_in(sought: Mailbox, text: str) -> bool:
    """Whether the text names the mailbox."""
    local = re.escape(sought.local)
    quoted = re.escape('"' + re.sub(r'(["\\])', r"\\\1", sought.local) + '"')
    spelt = re.compile(f"{_BEFORE}(?:{local}|{quoted}){_AFTER}", re.IGNORECASE)
    if any(_is_domain(sought.domain, found[1]) for found in spelt.finditer(text)):
        return True
    wrapped = rf"[=+-]{re.escape(sought.domain)}={local}@"
    return bool(re.search(wrapped, text, re.IGNORECASE))


def is_named_within(sought: Mailbox, value: JSON) -> bool:
    """Whether any text within a JSON value names the mailbox."""
    return any(is_named_in(sought, text) for text in texts(value))


def texts(value: JSON) -> Iterator[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def likely(sought: Mailbox) -> str:
    r"""A pattern of SQL's LIKE, escaped by ``\``, that fits all JSON in which it can stand.

    LIKE folds ASCII alone: other letters are left open.
    """
    local = json.dumps(sought.local, ensure_ascii=False)[1:-1]
    escaped = re.sub(r"([\\%_])", r"\\\1", local)
    return f"%{re.sub(r'[^ -~]+', '%', escaped)}%@%"


def spellings(sought: Mailbox) -> tuple[bytes, ...]:
    """The mailbox as its bytes stand in a file, in lower-case ASCII: plain, and as JSON has it."""
    locals_ = {sought.local, sought.local.lower(), json.dumps(sought.local)[1:-1]}
    domains = {sought.domain, _as_shown(sought.domain)}
    found = {f"{local}@{domain}".encode().lower() for local in locals_ for domain in domains}
    return tuple(sorted(found))


def _is_domain(domain: str, written: str) -> bool:
    try:
        if normalise(written.rstrip(".-_")) == domain:
            return True
    except DomainError:
        if written.lower() == domain:
            return True
    # A script without spaces may go on right behind the address.
    for form in (domain, _as_shown(domain)):
        rest = written[len(form) :]
        if written[: len(form)].lower() == form and rest and not rest[0].isascii():
            return rest[0] not in "\u3002\uff0e\uff61" or not rest[1:2].isalnum()
    return False


def _as_shown(domain: str) -> str:
    labels = []
    for label in domain.split("."):
        try:
            is_plain = not label.startswith(_ACE)
            labels.append(label if is_plain else label[len(_ACE) :].encode().decode("punycode"))
        except (UnicodeError, ValueError):
            labels.append(label)
    return ".".join(labels)
