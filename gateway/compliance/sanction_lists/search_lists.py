"""Which listed institution could be meant by a name, a number, a domain or an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.find_institution import institutions_for, organisation_of
from gateway.screening.names.name_index import NameIndex, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config import Config
    from gateway.list_store.find_institution import FoundInstitution
    from gateway.lists.parsing.organisation import Organisation
    from gateway.model import Entity
    from gateway.screening.names.name_index import Hit
    from gateway.screening.snapshot import Snapshot

COLUMNS = (
    *("score", "match", "how", "entity", "entity_name", "name", "weak", "country"),
    *("lists", "domains", "why"),
)
"""The keys of :func:`as_row`."""

UNSURE = 60
"""The score of a domain that is for review: it looks like a listed one, or is tied to it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One institution that could be meant, by its name or by what points at it.

    ``score`` is from 0 to 100. ``is_match``: all that was asked for is the institution's, and
    nothing of it guessed. ``how`` is one word for the way that led there, ``why`` a line.
    """

    score: int
    is_match: bool
    how: str
    entity: Entity
    name: str
    why: str
    is_weak: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The institutions that could be meant, the likeliest first.

    ``meant`` is the organisation whose ROR id was asked for and which is not listed: its name was
    looked for in its place.
    """

    candidates: tuple[Candidate, ...]
    meant: Organisation | None = None


def search(config: Config, snapshot: Snapshot, text: str, limit: int) -> SearchResult:
    """Find listed institutions, so many at most: what the text points at, else similar names.

    Any script will do. Raises :class:`gateway.errors.ListError` where what is kept of the registry
    of organisations is damaged.
    """
    if sure := institutions_for(text, snapshot):
        return SearchResult(tuple(map(_of_pointer, sure[:limit])))
    if (known := organisation_of(text, Folder.of(config))) is not None:
        text = known.name
    entities = snapshot.entities
    index = NameIndex(each for entity in entities.values() for each in names_of(entity))
    return SearchResult(tuple(_of_hit(hit, entities) for hit in index.search(text, limit)), known)


def as_row(candidate: Candidate) -> dict[str, Any]:
    """Give a candidate as a row for programs."""
    entity = candidate.entity
    return {
        "score": candidate.score,
        "match": candidate.is_match,
        "how": candidate.how,
        "entity": entity.id,
        "entity_name": entity.name,
        "name": candidate.name,
        "weak": candidate.is_weak,
        "country": entity.country,
        "lists": list(_lists(entity)),
        "domains": [claim.value for claim in entity.domains if not claim.clears],
        "why": candidate.why,
    }


def _of_pointer(found: FoundInstitution) -> Candidate:
    score = 100 if found.by.is_sure else UNSURE
    return Candidate(score, found.by.is_sure, found.by, found.entity, found.entity.name, found.why)


def _of_hit(hit: Hit, entities: Mapping[str, Entity]) -> Candidate:
    return Candidate(
        round(100 * hit.score),
        hit.is_named,
        hit.how,
        entities[hit.owner],
        hit.name,
        hit.likeness.why,
        hit.is_weak,
    )


def _lists(entity: Entity) -> list[str]:
    """The lists an entity stands on, each with its programmes."""
    programmes: dict[str, list[str]] = {}
    for listing in entity.listings:
        known = programmes.setdefault(listing.list, [])
        if listing.programme and listing.programme not in known:
            known.append(listing.programme)
    return [f"{name} ({', '.join(some)})" if some else name for name, some in programmes.items()]
