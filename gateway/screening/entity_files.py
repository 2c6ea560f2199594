"""entities/*.toml: institutions, their designations, and the addresses a person accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gateway.addresses.domain_name import normalise
from gateway.addresses.mailbox import mailbox_key
from gateway.addresses.path_reading import UnreadablePath, read
from gateway.document import Document
from gateway.errors import Fault, FaultyFile, ListError
from gateway.model import Claim, Entity, Listing
from gateway.screening.unlistable_domains import why_unlistable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gateway.document import Section
    from gateway.screening.recipient_kind import MailboxKinds

_ID = re.compile(r"[a-z0-9][a-z0-9.-]*\Z")
_IDENTIFIER = re.compile(r"[a-z][a-z-]*:[^\sA-Z]+\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


class _Place(NamedTuple):
    """Where a value was first claimed, for the fault of whoever claims it again."""

    entity: str
    file: str
    line: int | None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{self.entity} ({where})"


def read_entities(
    directories: Iterable[Path], mailbox_kinds: MailboxKinds, faults: list[Fault]
) -> tuple[list[Entity], list[Entity]]:
    """Read every entities file of some directories; what is wrong in them is added to ``faults``.

    Gives the entities and the additions, which have no name and no listing of their own. A file
    with a fault gives none. An id, a domain and an exact address each have one place in all the
    files. ``[[example]]`` tables are passed over: they are the policy's.
    """
    reader = _Reader(mailbox_kinds)
    entities: list[Entity] = []
    additions: list[Entity] = []
    files: list[Path] = []
    for directory in directories:
        if not directory.is_dir():
            message = "is no directory; it holds the entities, one or more files ending in .toml"
            faults.append(Fault(str(directory), None, None, message))
            continue
        try:
            # Path.glob takes a directory that cannot be read for an empty one.
            files += sorted(each for each in directory.iterdir() if each.suffix == ".toml")
        except OSError as error:
            why = f"cannot be listed ({error.strerror}); let the gateway's user read it"
            faults.append(Fault(str(directory), None, None, why))
    for path in files:
        try:
            document = Document.read(path, error=ListError)
            document.root.known.add("example")
            tables = document.root.tables
            found = [reader.entity(section, str(path)) for section in tables("entity")]
            added = [reader.addition(section, str(path)) for section in tables("addition")]
            document.check()
            entities += found
            additions += added
        except FaultyFile as error:
            faults += error.faults
    return entities, additions


class _Reader:
    """Reads entities and remembers, over all files, what was claimed where."""

    def __init__(self, mailbox_kinds: MailboxKinds) -> None:
        self._people = mailbox_kinds
        self._claimed: dict[str, _Place] = {}

    def entity(self, section: Section, file: str) -> Entity:
        id_ = section.text("id")
        if id_ and not _ID.match(id_):
            section.fault("id", "may have small letters, digits, dots and hyphens only")
        self._claim(f"id {id_}", _Place(id_, file, section.line("id")), section, "id")
        country = section.text("country", default=None)
        if country is not None and not _COUNTRY.match(country):
            section.fault("country", "must be an ISO 3166-1 code of two capital letters, as in RU")
        listings = tuple(map(_listing, section.tables("listing")))
        if not listings:
            section.fault(
                None, "names no list; add an [[entity.listing]] that says where it stands"
            )
        return Entity(
            id_,
            section.text("name"),
            section.texts("aliases", default=()),
            country,
            listings,
            tuple(self._claims(section.tables("domain"), "name", self._domain, id_, file)),
            tuple(self._claims(section.tables("address"), "address", _mailbox, id_, file)),
            section.texts("weak_aliases", default=()),
            tuple(section.parsed_list("same_as", _identifier, default=())),
        )

    def addition(self, section: Section, file: str) -> Entity:
        """Read an ``[[addition]]``: domains and addresses of an entity that stands elsewhere."""
        id_ = section.text("entity")
        return Entity(
            id_,
            "",
            domains=tuple(self._claims(section.tables("domain"), "name", self._domain, id_, file)),
            addresses=tuple(
                self._claims(section.tables("address"), "address", _mailbox, id_, file)
            ),
        )

    def _claims(
        self,
        sections: list[Section],
        key: str,
        read: Callable[[Section], str],
        entity: str,
        file: str,
    ) -> list[Claim]:
        claims: list[Claim] = []
        for section in sections:
            value = read(section)
            if value:
                self._claim(value, _Place(entity, file, section.line(key)), section, key)
            claims.append(
                Claim(
                    value,
                    section.text("source"),
                    section.text("reviewer"),
                    section.date("reviewed_on"),
                    section.flag("clears", default=False),
                )
            )
        return claims

    def _domain(self, section: Section) -> str:
        domain = section.parsed("name", normalise) or ""
        if domain and (reason := why_unlistable(domain, self._people)) is not None:
            section.fault("name", reason)
        return domain

    def _claim(self, value: str, place: _Place, section: Section, key: str) -> None:
        first = self._claimed.setdefault(value, place)
        if first is not place:
            section.fault(key, f"{value} is claimed by {first} already")


def _listing(section: Section) -> Listing:
    listing = Listing(
        section.text("list"),
        section.text("programme", default=None),
        section.text("uid", default=None),
        section.date("listed_on", default=None),
        section.date("effective_from", default=None),
        section.date("wind_down_until", default=None),
        section.date("delisted_on", default=None),
        section.text("source"),
    )
    starts = listing.effective_from or listing.listed_on
    for key, end in (
        ("wind_down_until", listing.wind_down_until),
        ("delisted_on", listing.delisted_on),
    ):
        if starts is not None and end is not None and end < starts:
            section.fault(key, f"lies before the listing takes effect, {starts.isoformat()}")
    return listing


def _identifier(text: str) -> str:
    if not _IDENTIFIER.match(text):
        raise ValueError("must be scheme:value in small letters, as in un:qde.004")
    return text


def _mailbox(section: Section) -> str:
    text = section.text("address")
    if not text:
        return ""
    reading = read(text.encode("utf-8"))
    address = reading.address
    if isinstance(address, UnreadablePath):
        section.fault("address", f"cannot be read: {address.reason}")
        return ""
    if not reading.is_by_grammar or not address.local or not address.domain:
        section.fault("address", "must be a whole address, as in office@example.org")
        return ""
    return f"{mailbox_key(address.local)}@{address.domain}"
