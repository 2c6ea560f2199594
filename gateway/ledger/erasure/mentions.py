"""Whether a text names a mailbox, however it is spelt there. Pure.

Case does not count, nor how letters are put together (NFC, NFD), nor how the domain is written
(A-labels, U-labels, fullwidth or trailing dots), nor quotes around the local part, nor what an
address is wrapped in on its way: a BATV signature, SRS, VERP (``jane=example.edu@relay``), the
percent sign of old relays. A longer address that ends or begins alike (``mary-jane@…`` for
``jane@…``) is another mailbox; so is one with a ``+tag``, but where every spelling of a person's
is sought (:func:`every_spelling`).
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES, family_of, is_forwarded, sender_in
from gateway.addresses.domain_name import DomainError, normalise
from gateway.errors import LedgerError
from gateway.model import Address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.ledger.record.record import JSON

# What may stand before the @ of an address (RFC 5322, 3.2.3) without the =, which ends a BATV
# signature, and letters beyond ASCII (RFC 6531).
_BEFORE = r"(?<![\w.!#$%&'*+/?^`{|}~-])"
_AFTER = r"@(\[[^\]\s]*\]|[\w.\-\u3002\uff0e\uff61]+)"
# What lists put before the address that they wrap: a plus, or a dash behind a word of theirs or a
# number (ezmlm's `list-return-17-jane=…`). Behind other words a dash is part of the name.
_WRAPPED_AFTER = rf"(?:{_BEFORE}|\+|(?:\b(?:bounces?|errors?|owner|return|verp)|[0-9])-)"
_WRAPPED_DOMAIN = r"[=%]([\w.\-\u3002\uff0e\uff61]+)@"
# What may follow a local part of which every spelling is sought: a tag (RFC 5233), a signature
# (BATV). And what may stand between its letters where dots do not count.
_TAGGED = r"(?:\+[\w.!#$%&'*+/=?^`{|}~-]*)?(?:[=/][0-9]{3}[0-9a-z]{6,7})?"
_DOT = r"\.?"
_ACE = "xn--"
# Spellings of a local part beyond ASCII, letter by letter, are tried out up to so many letters.
_TRIED = 4


@dataclass(frozen=True, slots=True)
class SoughtMailbox:
    """A mailbox that is sought: its local part without quotes, its domain in normal form.

    An address literal (RFC 5321, 4.1.3) stands in the domain as it is, in lower case.

    ``is_person``: with any ``+tag``, or none. ``other_domains`` are those of its provider at which
    it is the same mailbox, and dots before the ``@`` may not count there.
    """

    local: str
    domain: str
    is_person: bool = False
    other_domains: tuple[str, ...] = ()
    dots_count: bool = True

    @property
    def domains(self) -> tuple[str, ...]:
        """All at which it is the same mailbox, in normal form."""
        return (self.domain, *self.other_domains)

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def read_mailbox(text: str) -> SoughtMailbox:
    """Read an address as a person writes it. Raises ``LedgerError`` for what is none."""
    bare = unicodedata.normalize("NFC", text.strip())
    if bare.endswith(">"):
        bare = bare[bare.rfind("<") + 1 : -1]
    local, _, domain = bare.rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1], flags=re.DOTALL)
    elif re.search(r"\s", local):
        raise LedgerError(
            f"{text!r} is no address: there is a space before the @; where it is part of the "
            'address, that part stands in quotes, as in "jane doe"@example.edu'
        )
    if not local:
        raise LedgerError(f"{text!r} is no address: it must be one, as in jane@example.edu")
    if domain.startswith("["):
        return SoughtMailbox(local, domain.lower())
    try:
        return SoughtMailbox(local, normalise(domain))
    except DomainError as error:
        raise LedgerError(f"{text!r} is no address: {error}") from error


def every_spelling(sought: SoughtMailbox, same: SameMailboxes = NO_FAMILIES) -> SoughtMailbox:
    """The mailbox that an address counts under as a sender, in all its spellings (behaviour S18).

    ``same`` is what is known of providers.
    """
    local, domain = sought.local, sought.domain
    if not is_forwarded(local):
        # Of a forwarder's spelling this one alone is meant: what counts under it is many people's.
        mailbox = sender_in(str(Address(b"", local, domain)), same)
        local, domain = mailbox.local or local, mailbox.domain or domain
    family = family_of(domain, same)
    others = tuple(each for each in family.domains if each != domain)
    return SoughtMailbox(
        local,
        domain,
        is_person=not is_forwarded(local),
        other_domains=others,
        dots_count=family.dots_count,
    )


def is_named_in(sought: SoughtMailbox, text: str) -> bool:
    """Whether the text names the mailbox."""
    text = unicodedata.normalize("NFC", text)
    plain = unicodedata.normalize("NFC", sought.local)
    local = re.escape(plain) if sought.dots_count else _DOT.join(map(re.escape, plain))
    quoted = re.escape('"' + re.sub(r'(["\\])', r"\\\1", plain) + '"')
    tag = _TAGGED if sought.is_person else ""
    for spelt in (
        f"{_BEFORE}(?:{local}{tag}|{quoted}){_AFTER}",
        f"{_WRAPPED_AFTER}{local}{tag}{_WRAPPED_DOMAIN}",
    ):
        found = re.finditer(spelt, text, re.IGNORECASE)
        for each in found:
            if any(_is_domain(domain, each[1]) for domain in sought.domains):
                return True
    shown = {form for domain in sought.domains for form in (domain, _as_shown(domain))}
    domains = "|".join(map(re.escape, sorted(shown)))
    return bool(re.search(rf"[=+-](?:{domains})={local}{tag}@", text, re.IGNORECASE))


def is_named_within(sought: SoughtMailbox, value: JSON) -> bool:
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


def like_pattern(sought: SoughtMailbox) -> str:
    r"""A pattern of SQL's LIKE, escaped by ``\``, that fits all JSON in which it can stand.

    LIKE folds ASCII alone: other letters are left open, and those of ASCII that have a twin beyond
    it (``k`` the sign of kelvin, ``s`` the long s, ``i`` the one without a dot).
    """
    if not sought.dots_count:
        return "%@%"
    local = json.dumps(unicodedata.normalize("NFC", sought.local), ensure_ascii=False)[1:-1]
    escaped = re.sub(r"([\\%_])", r"\\\1", local)
    return f"%{re.sub(r'[^ -~]+', '%', re.sub('[iIkKsS;`]', '_', escaped))}%@%"


def spellings(sought: SoughtMailbox) -> tuple[bytes, ...]:
    """The mailbox as its bytes stand in a file, in lower-case ASCII: plain, quoted, as JSON."""
    locals_ = {text for one in _cased(sought.local) for text in (one, json.dumps(one)[1:-1])}
    quoted = {mark + local + mark for local in locals_ for mark in ('"', '\\"')}
    domains = {form for each in sought.domains for form in (each, *_cased(_as_shown(each)))}
    return _as_bytes(f"{local}@{domain}" for local in locals_ | quoted for domain in domains)


def wrapped_spellings(sought: SoughtMailbox) -> tuple[bytes, ...]:
    """The same as it stands in other addresses and in quoted-printable (RFC 2045, 6.7).

    A piece of a longer local part looks the same: what stands around it decides (:func:`is_near`).
    """
    domains = {form for each in sought.domains for form in (each, *_cased(_as_shown(each)))}
    locals_ = _cased(sought.local)
    loose = [f"{local}{mark}" for local in locals_ for mark in "+=/"] if sought.is_person else []
    if not sought.dots_count:
        loose += [f"{mark}{domain}" for domain in domains for mark in "@=%"]
    return _as_bytes(loose) + _as_bytes(
        text
        for local, domain in itertools.product(locals_, domains)
        for text in (
            *(f"{local}={domain}@", f"{local}%{domain}@"),
            *(f"={domain}={local}@", f"+{domain}={local}@", f"{local}=40{domain}"),
        )
    )


def is_near(sought: SoughtMailbox, around: bytes) -> bool:
    """Whether bytes around a wrapped spelling name the mailbox; what is no UTF-8 is passed over."""
    text = around.decode("utf-8", "replace")
    return is_named_in(sought, text) or is_named_in(sought, text.replace("=40", "@"))


def _cased(text: str) -> set[str]:
    """Its letters beyond ASCII as they can be written: lower and upper case, NFC and NFD."""
    whole = unicodedata.normalize("NFC", text)
    forms = {whole, whole.lower(), whole.upper()}
    beyond = sum(not letter.isascii() for letter in whole)
    if 0 < beyond <= _TRIED:
        each = [
            {letter} if letter.isascii() else {letter.lower(), letter.upper()} for letter in whole
        ]
        forms |= set(map("".join, itertools.product(*each)))
    return {unicodedata.normalize(form, one) for one in forms for form in ("NFC", "NFD")}


def _as_bytes(texts_: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(sorted({text.encode("utf-8", "backslashreplace").lower() for text in texts_}))


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
