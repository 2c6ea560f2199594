"""overrides.toml: what a list says of a website, put right by a person.

The lists have slips: OFAC's entry 30625 gives ``http://en.miu.ac/ir/``, and a reader of the text
finds a domain in Ascension. An override names the list, the entry, the text as it stands there,
and the domain that is meant, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.document import Document
from gateway.domain import normalise
from gateway.errors import Fault, ListError
from gateway.model import Claim

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.document import Section
    from gateway.lists.hosts import Guard


@dataclass(frozen=True, slots=True)
class Key:
    """Where an override applies: this text, in this entry of this list."""

    list: str
    uid: str
    website: str


Overrides = Mapping[Key, Claim | None]
"""``None``: nothing is taken of that text."""


def read_overrides(path: Path, guard: Guard) -> Overrides:
    """Read the file; none at all is as good as an empty one. Raises :class:`ListError`."""
    if not path.exists():
        return {}
    document = Document.read(path, error=ListError)
    found: dict[Key, Claim | None] = {}
    for section in document.root.tables("override"):
        key = Key(section.text("list"), section.text("uid"), section.text("website"))
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


def unused(overrides: Overrides, used: set[Key], file: str) -> list[Fault]:
    """Give the overrides that met no text: the list may have been mended since."""
    return [
        Fault(file, None, None, f"{key.list} {key.uid} no longer says {key.website!r}")
        for key in overrides
        if key not in used
    ]
