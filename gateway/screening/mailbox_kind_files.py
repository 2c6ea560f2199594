"""personal.toml and roles.toml: providers of personal mail, shared hosts, names of offices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.domain_name import is_public_suffix, normalise
from gateway.document import Document
from gateway.errors import FaultyFile, ListError
from gateway.screening.recipient_kind import MailboxKinds, role_key

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.errors import Fault


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
    try:
        _read_providers(directory / "personal.toml", personal, shared, aliases)
    except FaultyFile as error:
        faults += error.faults
    try:
        alumni = _read_roles(directory / "roles.toml", roles, families)
    except FaultyFile as error:
        faults += error.faults
    return MailboxKinds(
        personal, shared, frozenset(roles), frozenset(families), alumni, frozenset(aliases)
    )


def _read_providers(
    path: Path, personal: dict[str, str], shared: dict[str, str], aliases: set[str]
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
    document.check()


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
