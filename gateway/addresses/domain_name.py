"""One normal form of a domain name, and where on it a registry's part ends.

The normal form is what the DNS is asked for: A-labels, lower case, no trailing dot. Everything
that compares domains compares normal forms, so that one domain has one verdict however it was
written (``MIPT.RU``, ``mipt.ru.``, fullwidth dots, U-labels).
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from pathlib import Path

import idna
from publicsuffixlist import PSLFILE

from gateway.errors import MonitionError

# RFC 1035 section 2.3.4: 63 octets a label, 255 a name on the wire, which is 253 as text.
MAX_NAME = 253

# A name of 253 octets is at most four times as long in UTF-8. Longer input is refused before
# Unicode work is done on it: a path may be 4,096 bytes of anything.
MAX_INPUT = 4 * MAX_NAME

# Letters, digits and hyphens, and the underscore, which stands in real host names. A hyphen at
# the edge of a label is not allowed either, but is met, and delivers mail.
_PLAIN_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")


class DomainError(MonitionError, ValueError):
    """What stands after the ``@`` is no domain name. The message says why, without quoting it."""


def normalise(name: str | bytes) -> str:
    """Give the normal form of a domain name.

    Bytes are read as UTF-8 (RFC 6531 section 3.3). Unicode is mapped by UTS #46, which turns
    fullwidth and ideographic dots into dots; labels that IDNA 2008 has struck out but that older
    registries sold (``☃.net``) keep the A-label the DNS knows them by. A-labels stay as they are.

    Raises :class:`DomainError`, and nothing else, for what is no domain name; an address
    literal (``[192.0.2.1]``) is none.
    """
    if len(name) > MAX_INPUT:
        raise DomainError("the domain is too long")
    if isinstance(name, bytes):
        try:
            name = name.decode("utf-8")
        except UnicodeDecodeError:
            raise DomainError("the domain is not UTF-8") from None
    if len(name) <= MAX_NAME and _PLAIN_NAME.match(name):
        return name
    if name.startswith("["):
        raise DomainError("an address literal names no domain")
    text = name.lower() if name.isascii() else _mapped(name)
    text = text.removesuffix(".")
    if not text:
        raise DomainError("the domain is empty")
    if not text.isascii():
        text = ".".join(map(_a_label, text.split(".")))
    if len(text) > MAX_NAME:
        raise DomainError("the domain is too long")
    if not _PLAIN_NAME.match(text):
        raise DomainError("the domain has an empty or overlong label, or a sign no name has")
    return text


def public_suffix(domain: str) -> str:
    """Give the public suffix that a normalised domain lies under, or is.

    Both sections of the Public Suffix List count: ``ac.ru`` and ``msk.ru`` stand in the private
    one, ``edu.cn`` in the ICANN one. A top-level domain that the list does not know is a suffix.
    """
    rules = _rules()
    name = longer = domain
    while (rule := rules.get(name)) is None:
        dot = name.find(".") + 1
        if not dot:
            return name
        longer, name = name, name[dot:]
    if rule is _Rule.ITSELF:
        return name
    return longer if rule is _Rule.BELOW else name[name.find(".") + 1 :]


def registrable(domain: str) -> str | None:
    """Give the part of a normalised domain that someone registered: one label and the suffix.

    ``None`` where the domain is itself a public suffix.
    """
    suffix = public_suffix(domain)
    if len(suffix) == len(domain):
        return None
    return domain[domain.rfind(".", 0, -len(suffix) - 1) + 1 :]


def is_public_suffix(domain: str) -> bool:
    """Whether a normalised domain belongs to a registry, not to whoever registers below it."""
    return public_suffix(domain) == domain


def has_known_suffix(domain: str) -> bool:
    """Whether a normalised domain ends in a top-level domain that the list knows.

    ``.onion`` is none: it is not in the DNS (RFC 7686).
    """
    rules = _rules()
    is_known = any(name in rules for name in ancestry(domain))
    return is_known and not f".{domain}".endswith(".onion")


def ancestry(domain: str) -> tuple[str, ...]:
    """Give a normalised domain and every name above it, longest first."""
    names = [domain]
    while dot := domain.find(".") + 1:
        domain = domain[dot:]
        names.append(domain)
    return tuple(names)


def _mapped(name: str) -> str:
    try:
        return idna.uts46_remap(name, std3_rules=False)
    except idna.IDNAError:
        raise DomainError("the domain has a character that no name may have") from None


def _a_label(label: str) -> str:
    # The encoding is asked for without IDNA 2008's validity rules: a label they refuse (an emoji)
    # has this A-label in the DNS all the same, and a name that does not exist matches nothing.
    if label.isascii():
        return label
    return "xn--" + label.encode("punycode").decode("ascii").lower()


class _Rule(Enum):
    """What a name in the Public Suffix List says (its "Format" page): is it the suffix?"""

    ITSELF = auto()
    BELOW = auto()
    """``*.ck``: any name one label longer. It declares ``ck`` as well."""
    ABOVE = auto()
    """``!www.ck``: an exception to a rule with a star; someone registered it."""


@lru_cache(maxsize=1)
def _rules() -> dict[str, _Rule]:
    # Read when first asked for, since most verbs need none. The package is used for its data: its
    # own look-up, which takes domains of many kinds, takes twice as long and starts more slowly.
    found: dict[str, _Rule] = {}
    with Path(PSLFILE).open(encoding="utf-8") as lines:
        for line in lines:
            rule, name = _read_rule(line)
            # Where a name bears several rules, the one with the most labels to say goes first.
            if name and (name not in found or rule.value > found[name].value):
                found[name] = rule
    return found


def _read_rule(line: str) -> tuple[_Rule, str]:
    """Read a line of the list; the name is empty where it holds no rule."""
    text = line.partition(" ")[0].strip().lower()
    if text.startswith("//"):
        return _Rule.ITSELF, ""
    rule = _Rule.ITSELF
    if text.startswith("*."):
        rule, text = _Rule.BELOW, text[2:]
    elif text.startswith("!"):
        rule, text = _Rule.ABOVE, text[1:]
    return rule, ".".join(map(_a_label, text.split(".")))
