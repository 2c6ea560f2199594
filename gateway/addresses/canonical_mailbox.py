"""A sender's one mailbox, however its address is spelt: behaviour S18.

Rules, the windows of notices, the ledger, searches and counts know a sender by it. What is left out
is what the same person's mail bears or not: a BATV signature, a ``+tag``, letters' case; and by
what the policies know of providers, dots and a family's other domains. Mail that was forwarded
(the Sender Rewriting Scheme of either spelling, Gmail's ``+caf_=``) is its forwarder's.

An address whose local part routes elsewhere (``jane%other.org@ours``) is no mailbox of its domain.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from gateway.addresses.address_text import octets
from gateway.addresses.mailbox import without_batv, without_tag
from gateway.addresses.mailbox_path import without_brackets
from gateway.addresses.path_reading import read
from gateway.model import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.addresses.path_reading import PathReading


class MailboxFamily(NamedTuple):
    """Domains, in normal form, at which one name is one mailbox; the first stands for all.

    ``dots_count`` is false where a provider overlooks dots before the ``@``.
    """

    domains: tuple[str, ...]
    dots_count: bool = True


SameMailboxes: TypeAlias = tuple[MailboxFamily, ...]
"""What the policies know of providers, ``[[same_mailbox]]`` in ``personal.toml``."""

NO_FAMILIES: Final[SameMailboxes] = ()

# SRS0=HHH=TT=host=user and SRS1=HHH=host==HHH=TT=host=user; "SRS0+" and "SRS0-" exist. The host
# wrote it, and no person of its own stands in it.
_REWRITTEN: Final = re.compile(r"srs[01][=+-]", re.IGNORECASE)
# Exchange's jane+SRS=hash=TT=host=user, and Gmail's jane+caf_=user=host.
_FORWARDED: Final = re.compile(r"\+(?:srs[01]?=|caf_=)", re.IGNORECASE)
_FORWARDER: Final = "srs0"

_ROUTING: Final = frozenset("%!@")
# The local part of a guess that nobody could part in another way.
_WORD: Final = re.compile(r'[^\x00-\x20"%!@\\<>(),:;\[\]\x7f]+')


class Sender(NamedTuple):
    """A sender as it was read.

    ``mailbox`` is the one that it counts under; as it was ``written`` where it is nobody's.
    ``local`` and ``domain`` are its parts, ``""`` where it has none; a domain alone tells where it
    came from. ``answer_to`` is where a notice may go as far as the address tells, ``None``:
    nowhere.
    """

    mailbox: str
    written: str
    local: str = ""
    domain: str = ""
    answer_to: Address | None = None


def sender_of(path: bytes, same: SameMailboxes = NO_FAMILIES) -> Sender:
    """Read a sender's path, with its brackets or without; ``same`` is what is known of providers.

    What the grammar does not read is a mailbox only where it has one ``@`` and nothing but
    punctuation or a name about a plain address: there a lenient server reads no other.

    An answer goes to the address as it is in the envelope. Its tag is what its owner sorts mail by.
    Its signature stays as well: who signs takes mail from the null sender, as a notice is, only
    at a signed address. It goes nowhere where the path has a second ``@`` or is not UTF-8 (what
    would be written to then is an address that nobody has), for forwarded mail, and where a local
    part routes elsewhere.
    """
    reading = read(path)
    address = reading.address
    if not isinstance(address, Address):
        return _nobody(path)
    if routes_elsewhere(address.local):
        return Sender(str(address), str(address)) if reading.is_by_grammar else _nobody(path)
    if not _is_utf8(path) or not _is_trusted(reading, address):
        # Where it came from can still be told by its only @, though not from whom.
        domain = address.domain if path.count(b"@") == 1 else ""
        return _nobody(path)._replace(domain=domain)
    local, domain = _canonical(address.local, address.domain, same)
    is_answered = (
        bool(address.local and domain) and path.count(b"@") == 1 and not is_forwarded(address.local)
    )
    return Sender(
        str(Address(b"", local, domain)),
        str(address),
        local,
        domain,
        address if is_answered else None,
    )


def mailbox_of(text: str, same: SameMailboxes = NO_FAMILIES) -> str:
    """Bring an address that a person wrote into the form that senders have; never raises.

    What is no address (a pseudonym, a pattern with ``*``) stays as it is.
    """
    return text if "@" not in text or "*" in text else sender_in(text, same).mailbox


def sender_in(text: str, same: SameMailboxes = NO_FAMILIES) -> Sender:
    """Read a sender as :func:`sender_of` does, from text."""
    return sender_of(octets(text.strip()), same)


def is_forwarded(local: str) -> bool:
    """Whether a forwarder wrote this local part, for a stranger whose mail it sent on."""
    bare = without_batv(local)
    return bool(_REWRITTEN.match(bare) or _FORWARDED.search(bare))


def routes_elsewhere(local: str) -> bool:
    """Whether a server may take the local part for an address of its own, and send mail there."""
    return not is_forwarded(local) and not _ROUTING.isdisjoint(local)


def family_of(domain: str, same: SameMailboxes) -> MailboxFamily:
    """Give the family of a domain in normal form; one that is in none is alone in its own."""
    return _by_domain(same).get(domain) or MailboxFamily((domain,))


def _canonical(local: str, domain: str, same: SameMailboxes) -> tuple[str, str]:
    bare = without_batv(local)
    if _REWRITTEN.match(bare):
        bare = _FORWARDER
    elif (found := _FORWARDED.search(bare)) is not None:
        bare = bare[: found.start()] or _FORWARDER
    # Lower case, not folded: "strauß" and "strauss" are two people's names.
    bare = unicodedata.normalize("NFC", without_tag(unicodedata.normalize("NFC", bare).lower()))
    family = family_of(domain, same)
    return (bare if family.dots_count else bare.replace(".", "") or bare), family.domains[0]


@lru_cache(maxsize=8)
def _by_domain(same: SameMailboxes) -> Mapping[str, MailboxFamily]:
    return {domain: family for family in same for domain in family.domains}


def _is_trusted(reading: PathReading, address: Address) -> bool:
    return reading.is_by_grammar or (
        reading.raw.count(b"@") == 1 and _WORD.fullmatch(address.local) is not None
    )


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _nobody(path: bytes) -> Sender:
    written = without_brackets(path).decode("utf-8", "backslashreplace")
    return Sender(written, written)
