"""Institutions that a person points at by anything but a name: id, number, domain, address, ROR.

A question of one word that is none of these may still be a name: then nothing is found here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.addresses.domain_name import DomainError, normalise
from gateway.addresses.mailbox import mailbox_key
from gateway.list_store.imports import ror_store
from gateway.lists.parsing.hosts import host_of
from gateway.screening.recipient_kind import provider_of, shared_host_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.list_store.files.lists_directory import Folder
    from gateway.lists.parsing.organisation import Organisation
    from gateway.model import Entity
    from gateway.screening.snapshot import Snapshot


class PointedBy(StrEnum):
    """What a question was taken for."""

    ID = "id"
    NUMBER = "number"
    ROR = "ror"
    ADDRESS = "address"
    DOMAIN = "domain"
    CLEARED = "cleared"
    """A domain that a person took out of the institution's."""
    LINKED = "linked"
    """A domain that the DNS ties to one of the institution's."""
    LOOKALIKE = "lookalike"
    """A domain that only looks like one of the institution's."""

    @property
    def is_sure(self) -> bool:
        """Whether what was asked for is the institution's own."""
        return self not in (PointedBy.CLEARED, PointedBy.LINKED, PointedBy.LOOKALIKE)


@dataclass(frozen=True, slots=True)
class FoundInstitution:
    """An institution, and what pointed at it. ``why`` is one line for people."""

    entity: Entity
    by: PointedBy
    why: str


# Crockford's base 32 and two check digits, behind the registry's name or address.
_LIST_AND_NUMBER = re.compile(r"\A([a-z][a-z-]*[a-z])(\d+)\Z", re.ASCII)
_ROR = re.compile(
    r"(?:ror[\s:]+|(?:https?://)?(?:www\.)?ror\.org/)?(0[a-hj-km-np-tv-z0-9]{6}\d{2})/?\Z",
    re.ASCII | re.IGNORECASE,
)


def institutions_for(text: str, snapshot: Snapshot) -> list[FoundInstitution]:
    """Give the institutions that an id, a number, a ROR id, a domain or an address leads to.

    Each once; none for a name. A number may stand behind the name of its list, or a part of it:
    ``OFAC 38316``.
    """
    found: dict[str, FoundInstitution] = {}
    for each in _pointed(text.strip(), snapshot):
        found.setdefault(each.entity.id, each)
    return list(found.values())


def organisation_of(text: str, folder: Folder) -> Organisation | None:
    """Give the organisation whose ROR id this is, where the registry was imported.

    Raises :class:`gateway.errors.ListError` where what is kept of it is damaged.
    """
    if (ror := ror_of(text)) is None:
        return None
    return next((each for each in ror_store.read(folder) if each.ror == ror), None)


def ror_of(text: str) -> str | None:
    """Give the ROR id (``00v0z9322``) that a text is, bare, behind ``ROR`` or as an address."""
    found = _ROR.match(text.strip())
    return found[1].lower() if found else None


def _pointed(text: str, snapshot: Snapshot) -> Iterator[FoundInstitution]:
    if (entity := snapshot.entities.get(text.lower())) is not None:
        yield FoundInstitution(entity, PointedBy.ID, f"its id is {entity.id}")
        return
    if (ror := ror_of(text)) is not None:
        yield from _of_registry(ror, snapshot)
        return
    held = list(_reached(text, snapshot))
    yield from held or _numbered(text, snapshot)


def _of_registry(ror: str, snapshot: Snapshot) -> Iterator[FoundInstitution]:
    says = re.compile(rf"\bROR {ror}\b")
    for entity in snapshot.entities.values():
        for claim in entity.domains:
            if says.search(claim.source):
                yield FoundInstitution(
                    entity, PointedBy.ROR, f"ROR {ror} speaks for its domain {claim.value}"
                )


def _numbered(text: str, snapshot: Snapshot) -> Iterator[FoundInstitution]:
    # Also without the space: ofac38316.
    words = _LIST_AND_NUMBER.sub(r"\1 \2", text.casefold().strip()).split()
    if not words:
        return
    where, number = " ".join(words[:-1]), words[-1]
    for entity in snapshot.entities.values():
        for listing in entity.listings:
            if (listing.uid or "").casefold() == number and where in listing.list.casefold():
                yield FoundInstitution(
                    entity, PointedBy.NUMBER, f"{listing.uid} is its number on {listing.list}"
                )


def _reached(text: str, snapshot: Snapshot) -> Iterator[FoundInstitution]:
    local, domain = _address(text)
    if domain is None:
        return
    match = next(snapshot.matches(mailbox_key(local), domain), None)
    if match is None:
        yield from _for_review(domain, snapshot)
        return
    for entity_claim in match.entity_claims:
        by = PointedBy.ADDRESS if "@" in match.name else PointedBy.DOMAIN
        why = f"{match.name} is its {by}"
        if entity_claim.claim.clears:
            by, why = PointedBy.CLEARED, f"{match.name} was taken out of its domains"
        elif by is PointedBy.DOMAIN and match.name != domain:
            why = f"{domain} lies below its domain {match.name}"
        yield FoundInstitution(entity_claim.entity, by, why)


def _for_review(domain: str, snapshot: Snapshot) -> Iterator[FoundInstitution]:
    if (linked := snapshot.linked.get(domain)) is not None:
        yield FoundInstitution(
            linked.entity, PointedBy.LINKED, f"for review: {linked.claim.evidence}"
        )
    elif provider_of(domain, snapshot.mailbox_kinds) or shared_host_of(
        domain, snapshot.mailbox_kinds
    ):
        return
    elif (like := snapshot.lookalikes.find(domain)) is not None:
        for entity_claim in like.entity_claims:
            if not entity_claim.claim.clears:
                yield FoundInstitution(
                    entity_claim.entity, PointedBy.LOOKALIKE, f"for review: {like.how}"
                )


def _address(text: str) -> tuple[str, str | None]:
    """Local part, empty for a domain alone, and domain in normal form; ``None``: it is neither."""
    plain = text.strip("<>").removeprefix("mailto:")
    local, _, host = ("", "", plain) if "/" in plain else plain.rpartition("@")
    host = host_of(host)
    if "." not in host or any(map(str.isspace, plain)):
        return "", None
    try:
        return local, normalise(host)
    except DomainError:
        return "", None
