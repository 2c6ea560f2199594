"""overrides.toml: what a list says of a website, put right by a person.

The lists have slips: OFAC's entry 30625 gives ``http://en.miu.ac/ir/``, and a reader of the text
finds a domain in Ascension. An override names the list, the entry, the text as it stands there,
and the domain that is meant, or none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.addresses.domain_name import normalise
from gateway.document import Document
from gateway.errors import ListError
from gateway.model import Claim

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from gateway.document import Section
    from gateway.lists.parsing.hosts import Guard


_SCHEME = re.compile(r"https?:/+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OverrideKey:
    """Where an override applies: this website, at the institution that has this entry.

    Other lists copy what one says, slips too: whichever of them gives the website for the same
    institution, the override holds. ``website`` is as :func:`comparable_website` gives it.
    """

    list: str
    uid: str
    website: str


Overrides = Mapping[OverrideKey, Claim | None]
"""``None``: nothing is taken of that text."""


def comparable_website(website: str) -> str:
    """Give a website without what is written now so, now so: its scheme, case, and last slash."""
    return _SCHEME.sub("", " ".join(website.split())).rstrip("/").lower()


def read_overrides(path: Path, guard: Guard) -> Overrides:
    """Read the file; none at all is as good as an empty one.

    Raises :class:`ListError` with all its faults, a domain that ``guard`` refuses among them.
    """
    if not path.exists():
        return {}
    document = Document.read(path, error=ListError)
    found: dict[OverrideKey, Claim | None] = {}
    for section in document.root.tables("override"):
        name, uid, website = (section.text(key) for key in ("list", "uid", "website"))
        key = OverrideKey(name, uid, comparable_website(website))
        if key in found:
            section.fault("website", "is overridden above already")
        found[key] = _claim(section, guard)
    document.check()
    return found


def _claim(section: Section, guard: Guard) -> Claim | None:
    domain = section.parsed("domain", normalise, default=None)
    source, reviewer = section.text("source"), section.text("reviewer")
    reviewed_on = section.date("reviewed_on")
    if domain is None:
        return None
    if (reason := guard(domain)) is not None:
        section.fault("domain", reason)
    return Claim(domain, source, reviewer, reviewed_on)


def unused_overrides(
    overrides: Overrides, used: Collection[OverrideKey], lists: Collection[str]
) -> list[OverrideKey]:
    """Give those that met no text although their list is here: it may have been mended since.

    ``lists`` are the names of the lists that are here, as :attr:`OverrideKey.list`.
    """
    return [key for key in overrides if key.list in lists and key not in used]
