"""mail_hosts.jsonl: domains whose mail goes to a listed institution's hosts, found by asking.

``lists propose --mx`` asked for them, so that they can be proposed. Nothing in force is made of
this file: until a person has accepted one, such a domain is as clear as before. (``linked.jsonl``
is another matter: domains that our people wrote to, and that are for review.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.domain_name import DomainError
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files import safe_open
from gateway.list_store.files.linked_domains import LINK_LASTS, SeenLink, dumped, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.screening.dns_linkage import Link

MOST_DOMAINS = 10_000
"""Domains that are kept: far more than any survey finds."""


def path_of(folder: Folder) -> Path:
    """The file that they are kept in."""
    return folder.path / "mail_hosts.jsonl"


def read(folder: Folder, today: date) -> dict[str, SeenLink]:
    """Give what was seen and counts on a day, by domain.

    Raises :class:`gateway.errors.ListError` for a damaged file.
    """
    path = path_of(folder)
    content = safe_open.read_file(path, "move it away, and ask again with --mx")
    found: dict[str, SeenLink] = {}
    for number, line in enumerate((content or b"").splitlines(), 1):
        try:
            seen = parsed(line)
        except (DomainError, *safe_open.MALFORMED):
            remedy = "take the line out, and ask again with --mx"
            raise safe_open.damaged(path, number, "is damaged", remedy) from None
        if today - seen.on < LINK_LASTS:
            found[seen.link.domain] = seen
    return found


def add(folder: Folder, links: Iterable[Link], today: date) -> dict[str, SeenLink]:
    """Write down what was seen today, durably, and strike out what has lapsed; give all, by domain.

    Raises :class:`gateway.errors.ListError` and ``OSError``; then nothing is changed.
    """
    with folder.locked():
        found = read(folder, today)
        found.update({link.domain: SeenLink(link, today) for link in links})
        kept = dict(sorted(found.items())[:MOST_DOMAINS])
        files.replace(path_of(folder), b"".join(map(dumped, kept.values())))
    return kept
