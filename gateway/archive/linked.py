"""linked.jsonl: the domains that the DNS ties to listed ones, and no others.

What was looked up and not linked is not written down anywhere: a list of it would be a list of
everybody our people write to. A link that has not been seen for ``LASTS`` counts no more; the
domain is then looked up again when somebody writes to it.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.archive import folder as files
from gateway.archive import opening
from gateway.domain import DomainError, normalise
from gateway.model import Claim
from gateway.screen.linkage import Link

if TYPE_CHECKING:
    from gateway.archive.folder import Folder

LASTS = timedelta(days=90)

MOST = 100
"""Domains tied to one listed domain. Whoever has more on their hosts is hosting the public."""


class Seen(NamedTuple):
    """A link and the day on which the DNS showed it."""

    link: Link
    on: date

    @property
    def claim(self) -> Claim:
        """The link as what an entity holds."""
        return Claim(self.link.domain, f"{self.link.evidence}, seen {self.on.isoformat()}")


def read(folder: Folder, today: date) -> dict[str, Seen]:
    """Give the links that count on a day, by domain; the latest one of each.

    Raises :class:`ListError` for a damaged file.
    """
    content = opening.content(folder.linked, "move it away; its domains are looked up again")
    found: dict[str, Seen] = {}
    for number, line in enumerate((content or b"").splitlines(), 1):
        try:
            seen = _read_line(line)
        except (DomainError, *opening.MALFORMED):
            remedy = "take the line out, the domain is looked up again"
            raise opening.damaged(folder.linked, number, "is damaged", remedy) from None
        if today - seen.on < LASTS:
            found[seen.link.domain] = seen
    return found


def add(folder: Folder, link: Link, today: date) -> bool:
    """Write a link down, durably, and strike out what has lapsed; whether it counts from now on.

    It does not where ``MOST`` others are tied to the same listed domain. What another worker wrote
    today stays as it is. Raises :class:`ListError` and ``OSError``; then nothing is changed.
    """
    with folder.held():
        found = read(folder, today)
        before = found.get(link.domain)
        if before is not None and before.link.within == link.within:
            return True
        tied = Counter(seen.link.within for seen in found.values())
        if tied[link.within] >= MOST:
            return False
        found[link.domain] = Seen(link, today)
        content = b"".join(map(_line, found.values()))
        files.replace(folder.linked, content)
    return True


def _line(seen: Seen) -> bytes:
    said = {**seen.link._asdict(), "on": seen.on.isoformat()}
    return json.dumps(said).encode("ascii") + b"\n"


def _read_line(line: bytes) -> Seen:
    said = json.loads(line)
    domain, record, host, within, on = (
        opening.text(said[key]) for key in ("domain", "record", "host", "within", "on")
    )
    return Seen(Link(normalise(domain), record, host, normalise(within)), date.fromisoformat(on))
