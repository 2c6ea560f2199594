"""linked.jsonl: the domains that the DNS ties to listed ones, and no others.

What was looked up and not linked is not written down anywhere: a list of it would be a list of
everybody our people write to.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from gateway.archive import folder as files
from gateway.errors import Fault, ListError
from gateway.model import Claim
from gateway.screen.linkage import Link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.archive.folder import Folder


class Seen(NamedTuple):
    """A link and the day on which the DNS showed it."""

    link: Link
    on: date

    @property
    def claim(self) -> Claim:
        """The link as what an entity holds."""
        return Claim(self.link.domain, f"{self.link.evidence}, seen {self.on.isoformat()}")


def read(folder: Folder) -> dict[str, Seen]:
    """Give all links by domain; the latest counts. Raises :class:`ListError`."""
    try:
        lines = folder.linked.read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    found: dict[str, Seen] = {}
    for number, line in enumerate(lines, 1):
        try:
            said: Mapping[str, str] = json.loads(line)
            link = Link(said["domain"], said["record"], said["host"], said["within"])
            found[link.domain] = Seen(link, date.fromisoformat(said["on"]))
        except (ValueError, KeyError, TypeError):
            if number < len(lines):
                message = "is damaged; take the line out"
                raise ListError([Fault(str(folder.linked), number, None, message)]) from None
            # The last one may be torn by a crash; the domain is looked up again.
    return found


def add(folder: Folder, link: Link, on: date) -> bool:
    """Write a link down, durably; whether it is new. Raises ``OSError``."""
    with folder.held():
        if link.domain in read(folder):
            return False
        said = {**link._asdict(), "on": on.isoformat()}
        files.append(folder.linked, json.dumps(said).encode("ascii"))
    return True
