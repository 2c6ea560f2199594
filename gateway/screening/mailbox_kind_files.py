"""personal.toml and roles.toml: providers of personal mail, shared hosts, names of offices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES, MailboxFamily
from gateway.addresses.domain_name import is_public_suffix, normalise
from gateway.document import Document
from gateway.errors import FaultyFile, ListError
from gateway.screening.recipient_kind import MailboxKinds, role_key

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.document import Section
    from gateway.errors import Fault

# What dots before the @ are at a provider.
_COUNTED, _IGNORED = "counted", "ignored"


def read_mailbox_kinds(directory: Path, faults: list[Fault]) -> MailboxKinds:
    """Read both files of a policies directory; what is wrong in them is added to ``faults``.

    A file that cannot be read is a fault, too.
    """
    personal: dict[str, str] = {}
    shared: dict[str, str] = {}
    roles: set[str] = set()
    families: set[str] = set()
    alumni: frozenset[str] = frozenset()
    aliases: set[str] = set()
    same: list[MailboxFamily] = []
    try:
        _read_providers(directory / "personal.toml", personal, shared, aliases, same)
    except FaultyFile as error:
        faults += error.faults
    try:
        alumni = _read_roles(directory / "roles.toml", roles, families)
    except FaultyFile as error:
        faults += error.faults
    return MailboxKinds(
        personal,
        shared,
        frozenset(roles),
        frozenset(families),
        alumni,
        frozenset(aliases),
        tuple(sorted(same)),
    )


def read_same_mailboxes(directory: Path) -> SameMailboxes:
    """Read ``[[same_mailbox]]`` alone; none where the file cannot be read or has a fault.

    For whoever looks a sender up: a search need not wait until the policies are mended.
    """
    try:
        document = Document.read(directory / "personal.toml", error=ListError)
        same = _same_mailboxes(document.root)
        document.root.known.update(document.root.keys())
        document.check()
    except FaultyFile:
        return NO_FAMILIES
    return tuple(sorted(same))


def _read_providers(
    path: Path,
    personal: dict[str, str],
    shared: dict[str, str],
    aliases: set[str],
    same: list[MailboxFamily],
) -> None:
    document = Document.read(path, error=ListError)
    for table, groups in (("provider", personal), ("relay", personal), ("shared", shared)):
        for section in document.root.tables(table):
            group = section.text("group")
            section.text("source")

            def take(text: str, group: str = group, groups: dict[str, str] = groups) -> str:
                domain = normalise(text)
                if (first := personal.get(domain) or shared.get(domain)) is not None:
                    raise ValueError(f"{domain} stands in the group {first!r} already")
                # A shared host may be one (github.io): whoever registers below it is a user.
                if groups is personal and is_public_suffix(domain):
                    raise ValueError(f"{domain} is a public suffix, not a provider's own domain")
                groups[domain] = group
                return domain

            section.parsed_list("domains", take)
    for section in document.root.tables("reverse_alias"):
        section.text("group")
        section.text("source")
        aliases.update(section.parsed_list("domains", lambda text: _personal(text, personal)))
    same += _same_mailboxes(document.root)
    document.check()


def _same_mailboxes(root: Section) -> list[MailboxFamily]:
    """The families of domains at which one name is one mailbox; a domain stands in one of them."""
    found: list[MailboxFamily] = []
    seen: dict[str, str] = {}
    for section in root.tables("same_mailbox"):
        group = section.text("group")
        section.text("source")

        def take(text: str, group: str = group) -> str:
            domain = normalise(text)
            if (first := seen.get(domain)) is not None:
                raise ValueError(f"{domain} stands in the group {first!r} already")
            seen[domain] = group
            return domain

        domains = tuple(section.parsed_list("domains", take))
        dots = section.text("dots", default=_COUNTED)
        if dots not in (_COUNTED, _IGNORED):
            section.fault("dots", f'is {dots!r}; it is "{_COUNTED}" or "{_IGNORED}"')
        if domains:
            found.append(MailboxFamily(domains, dots != _IGNORED))
    return found


def _personal(text: str, personal: dict[str, str]) -> str:
    domain = normalise(text)
    if domain not in personal:
        raise ValueError(f"{domain} stands in no [[provider]] and no [[relay]]")
    return domain


def _read_roles(path: Path, roles: set[str], families: set[str]) -> frozenset[str]:
    document = Document.read(path, error=ListError)
    for section in document.root.tables("role"):
        section.text("group")
        section.text("source")
        names = section.parsed_list("names", role_key)
        roles.update(names)
        if section.flag("takes_suffix", default=False):
            families.update(names)
    section = document.root.table("alumni")
    section.text("source")
    labels = section.parsed_list("labels", normalise)
    document.check()
    return frozenset(labels)
