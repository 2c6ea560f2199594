"""linked.jsonl: the domains that the DNS ties to listed ones, and no others.

What was looked up and not linked is not written down anywhere: a list of it would be a list of
everybody our people write to. A link that has not been seen for ``LINK_LASTS`` counts no more; the
domain is then looked up again when somebody writes to it (behaviour S7).
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.addresses.address_literal import address_of
from gateway.addresses.domain_name import DomainError, normalise
from gateway.errors import Fault
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files import safe_open
from gateway.model import Claim
from gateway.screening.dns_linkage import Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.list_store.files.lists_directory import Folder

LINK_LASTS = timedelta(days=90)

MOST_LINKS = 100
"""Domains tied to one listed domain. Whoever has more on their hosts is hosting the public."""


class SeenLink(NamedTuple):
    """A link and the day on which the DNS showed it."""

    link: Link
    on: date

    @property
    def claim(self) -> Claim:
        """The link as what an entity holds."""
        return Claim(self.link.domain, f"{self.link.evidence}, seen {self.on.isoformat()}")


def read(folder: Folder, today: date) -> dict[str, SeenLink]:
    """Give the links that count on a day, by domain; the latest one of each.

    A line that is damaged is passed over, and its domain looked up again: no list is to wait for
    it. Raises :class:`ListError` where the whole cannot be read.
    """
    every = (seen for _, seen in _lines(folder) if seen is not None)
    return {seen.link.domain: seen for seen in every if today - seen.on < LINK_LASTS}


def damage(folder: Folder) -> list[Fault]:
    """Tell the lines that are passed over. Raises :class:`ListError` as :func:`read` does."""
    message = "is damaged, and passed over; take the line out, the domain is looked up again"
    return [
        Fault(str(folder.linked), number, None, message)
        for number, seen in _lines(folder)
        if seen is None
    ]


def _lines(folder: Folder) -> Iterator[tuple[int, SeenLink | None]]:
    content = safe_open.read_file(folder.linked, "move it away; its domains are looked up again")
    for number, line in enumerate((content or b"").splitlines(), 1):
        try:
            yield number, parsed(line)
        except (DomainError, *safe_open.MALFORMED):
            yield number, None


def add(folder: Folder, link: Link, today: date) -> bool:
    """Write a link down, durably, and strike out what has lapsed; whether it counts from now on.

    It does not where ``MOST_LINKS`` others are tied to the same listed domain. What another worker
    wrote today stays as it is; lines that are damaged go. Raises :class:`ListError` and
    ``OSError``; then nothing is changed.
    """
    with folder.locked():
        found = read(folder, today)
        before = found.get(link.domain)
        if before is not None and before.link.within == link.within:
            return True
        tied = Counter(seen.link.within for seen in found.values())
        if tied[link.within] >= MOST_LINKS:
            return False
        found[link.domain] = SeenLink(link, today)
        content = b"".join(map(dumped, found.values()))
        files.replace(folder.linked, content)
    return True


def dumped(seen: SeenLink) -> bytes:
    """Give the line that a link is kept as, with its end."""
    said = {**seen.link._asdict(), "on": seen.on.isoformat()}
    return json.dumps(said).encode("ascii") + b"\n"


def parsed(line: bytes) -> SeenLink:
    """Read what :func:`dumped` gave. Raises ``DomainError`` or one of ``safe_open.MALFORMED``."""
    said = json.loads(line)
    domain, record, host, within, on = (
        safe_open.parse_text(said[key]) for key in ("domain", "record", "host", "within", "on")
    )
    tied = domain if address_of(domain) is not None else normalise(domain)
    return SeenLink(Link(tied, record, host, normalise(within)), date.fromisoformat(on))
