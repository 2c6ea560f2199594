"""Whose mailbox an address is: a person's own, a member's, an office's, a former member's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES
from gateway.addresses.domain_name import ancestry, registrable
from gateway.addresses.mailbox import mailbox_key, without_batv, without_tag
from gateway.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.model import Address

# What sets a role's name apart from what an office adds to it: dekanat-fopf, kafedra12.
_STEM = re.compile(r"[^-._\d]+")


@dataclass(frozen=True, slots=True)
class MailboxKinds:
    """What the policies know of providers and mailbox names; all of it in normal forms.

    ``personal`` and ``shared`` map a domain to the name of its group. ``roles`` are role keys,
    ``families`` those of them that offices extend by a suffix; a role that is also a surname
    (``dean``) is none. ``alumni`` are labels of domains, with a top-level domain behind those that
    say so in one country alone (``alu.cn``). ``reverse_aliases`` are domains of
    personal mail at which a local part may be another's address, so that its user can answer.
    ``same_mailboxes`` say at which domains one name is one mailbox, dots or not.
    """

    personal: Mapping[str, str]
    shared: Mapping[str, str]
    roles: frozenset[str]
    families: frozenset[str]
    alumni: frozenset[str]
    reverse_aliases: frozenset[str] = frozenset()
    same_mailboxes: SameMailboxes = NO_FAMILIES


def kind_of(address: Address, mailbox_kinds: MailboxKinds, *, listed: bool) -> Kind:
    """Tell whose mailbox an address is.

    ``listed`` is whether its domain lies at or below a listed one: only there does a label such
    as ``alumni`` say something. An office of the alumni (``info@alumni.…``) is still an office.
    """
    if provider_of(address.domain, mailbox_kinds) is not None:
        return Kind.PERSONAL
    if is_role(address.local, mailbox_kinds):
        return Kind.ROLE
    if listed and is_alumni(address.domain, mailbox_kinds):
        return Kind.ALUMNI
    return Kind.INDIVIDUAL if address.local else Kind.UNKNOWN


def provider_of(domain: str, mailbox_kinds: MailboxKinds) -> str | None:
    """Give the group of the personal provider a normalised domain is at or below, if any."""
    return _nearest(domain, mailbox_kinds.personal)


def shared_host_of(domain: str, mailbox_kinds: MailboxKinds) -> str | None:
    """Give the group of the shared host a normalised domain is at or below, if any."""
    return _nearest(domain, mailbox_kinds.shared)


def is_role(local: str, mailbox_kinds: MailboxKinds) -> bool:
    """Whether a local part names an office: a role itself, or one of a family with a suffix."""
    key = without_tag(role_key(without_batv(local)))
    if key in mailbox_kinds.roles:
        return True
    stem = _STEM.match(key)
    return stem is not None and stem[0] in mailbox_kinds.families


def is_alumni(domain: str, mailbox_kinds: MailboxKinds) -> bool:
    """Whether a label below the registered part of a normalised domain says alumni."""
    base = registrable(domain)
    if base is None:
        return False
    known, country = mailbox_kinds.alumni, domain.rpartition(".")[2]
    below = domain.removesuffix(base).split(".")
    return any(label in known or f"{label}.{country}" in known for label in below)


def may_be_a_persons(local: str, mailbox_kinds: MailboxKinds) -> bool:
    """Whether a role's name is also somebody's name or initials: ``dean``, ``hr``."""
    key = without_tag(role_key(without_batv(local)))
    return key in mailbox_kinds.roles and key not in mailbox_kinds.families


def role_key(local: str) -> str:
    """Give the form in which role names are compared: NFC, case folded."""
    return mailbox_key(unicodedata.normalize("NFC", local))


def _nearest(domain: str, groups: Mapping[str, str]) -> str | None:
    for name in ancestry(domain):
        if (group := groups.get(name)) is not None:
            return group
    return None
