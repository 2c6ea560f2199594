"""What a list gives as website or e-mail, as domains and exact addresses.

The text is typed by hand: ``Website http://en.miu.ac/ir/``, ``www.x.ru; www.y.ru``, a telephone
number glued behind. A host becomes a domain only when nothing else can be meant by it; all else
is given back with the reason.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.addresses.domain_name import DomainError, has_known_suffix, is_public_suffix, normalise

Guard = Callable[[str], str | None]
"""Says why a normalised domain cannot be an institution's; ``None`` where it can."""


@dataclass(frozen=True, slots=True)
class ListedDomain:
    """A domain in normal form; ``text`` is what the list says."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class ListedMailbox:
    """An exact address, its domain in normal form, its local part in lower case."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class UnusableText:
    """A text, or a part of it, of which nothing was taken."""

    text: str
    reason: str


# Parts of one field: spaces stand within an address only by mistake ("http:// www.x.ru").
_APART = re.compile(r"[;,|\s]+")
_SPACED = re.compile(r"(?<=:)\s+(?=//)|(?<=//)\s+")
# Glued to what stands before it; behind "/" or "=" it is a part of that address's path.
_GLUED = re.compile(r"(?<=[\w.)])(?=https?:/)", re.IGNORECASE)
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:/+|https?:?/*(?=www\.)|https?:?/+)+", re.IGNORECASE)
_SHOWS_ITSELF = re.compile(r"[a-z][a-z0-9+.-]*:/|https?/|www\d{0,2}\.", re.IGNORECASE)
_NO_TALK = frozenset({"and", "or", "&", "/", "-", "website", "websites", "web", "site", "url"})
# A remark, and no address: "(in Russian)".
_NOTE = re.compile(r"\([^().]*\)")
_WRITTEN_OTHERWISE = str.maketrans("\\\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH FULL STOP}", "/..")
_PATH = re.compile(r"[/?#]")
_TRAILING_PORT = re.compile(r":.*\Z", re.DOTALL)

# Labels that say how a site is shown, not whose it is. Mail goes to the name below them.
_SHOWN = re.compile(
    r"(?:www?\d{0,2}|web|home|site|portal|new|old|m|mobile|wap"
    r"|en|eng|english|ru|rus|fa|per|ar|cn|zh|kr|kp|fr|es|int|intl)\Z"
)
_MAIL_LABEL = re.compile(r"(?:mailto|e-?mail):", re.IGNORECASE)
_WWW = re.compile(r"www\d{0,2}\Z")
# "www.x.ruwww.y.ru"
_INNER_WWW = re.compile(r"(?<=[a-z0-9])www\d?\.(?=.*\.)")
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}\Z")


def domains(text: str, guard: Guard) -> Iterator[ListedDomain | UnusableText]:
    """Give the domains of a website field, each once, without labels such as ``www``.

    Parts of which nothing is taken, ``guard``'s refusals among them, are given with the reason.
    """
    seen: set[str] = set()
    parts = list(_parts(text))
    hosts = [part for part in parts if "." in part]
    if not hosts:
        yield UnusableText(text, "names no host")
    # Fields do hold talk beside an address; "Co.Ltd" in it is not one.
    talks = any("." not in part and part.lower().rstrip(":") not in _NO_TALK for part in parts)
    must_show = talks and any(map(_SHOWS_ITSELF.match, hosts))
    for part in hosts:
        if must_show and not _SHOWS_ITSELF.match(part):
            yield UnusableText(part, "stands beside a web address and does not look like one")
            continue
        found = _domain(part, guard)
        if isinstance(found, UnusableText):
            yield found
        elif found.value not in seen:
            seen.add(found.value)
            yield found


def mailboxes(text: str) -> Iterator[ListedMailbox | UnusableText]:
    """Give the exact addresses of an e-mail field, each once, and what is none with the reason."""
    seen: set[str] = set()
    parts = [part for part in _parts(text) if "@" in part]
    if not parts:
        yield UnusableText(text, "holds no e-mail address")
    for part in parts:
        local, _, host = _MAIL_LABEL.sub("", part).rpartition("@")
        if not _LOCAL.match(local):
            yield UnusableText(part, "is no e-mail address")
            continue
        try:
            host = normalise(host)
        except DomainError as error:
            yield UnusableText(part, str(error))
            continue
        if not has_known_suffix(host):
            yield UnusableText(part, "has a top-level domain that does not exist")
            continue
        value = f"{local.lower()}@{host}"
        if value not in seen:
            seen.add(value)
            yield ListedMailbox(value, part)


def host_of(text: str) -> str:
    """Give the host of one web address as it stands there, without scheme, path, port and user."""
    host = _authority(text).rpartition("@")[2]
    return _TRAILING_PORT.sub("", host).strip(".").strip()


def _authority(text: str) -> str:
    """What stands between the scheme and the path: user, host and port (RFC 3986 section 3.2)."""
    return _PATH.split(_without_scheme(text), maxsplit=1)[0]


def _without_scheme(text: str) -> str:
    found = _SCHEME.match(text)
    return text[found.end() :] if found else text


def _parts(text: str) -> Iterator[str]:
    plain = _SPACED.sub("", text.translate(_WRITTEN_OTHERWISE))
    for part in _APART.split(_GLUED.sub(" ", _NOTE.sub(" ", plain))):
        cleaned = part.strip("\"'<>[]()").rstrip(".")
        if cleaned:
            yield cleaned


def _domain(text: str, guard: Guard) -> ListedDomain | UnusableText:
    host = host_of(text)
    if "." not in host:
        return UnusableText(text, "is no host name")
    if "@" in _authority(text) and not _SCHEME.match(text):
        return UnusableText(text, "is an e-mail address, not a website")
    if _is_address(host):
        return UnusableText(text, "is an IP address, not a name")
    try:
        name = normalise(host)
    except DomainError as error:
        return UnusableText(text, str(error))
    if not has_known_suffix(name):
        return UnusableText(text, "has a top-level domain that does not exist")
    if _INNER_WWW.search(name):
        return UnusableText(text, "is two addresses run together")
    name = _plainest(name)
    if (reason := guard(name)) is not None:
        return UnusableText(text, reason)
    return ListedDomain(name, text)


def _plainest(name: str) -> str:
    """Take off the labels that only say how a site is shown."""
    while True:
        label, _, rest = name.partition(".")
        # "www" is nobody's name; an institute may well be called "en".
        if not _SHOWN.match(label) or (is_public_suffix(rest) and not _WWW.match(label)):
            return name
        name = rest


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
