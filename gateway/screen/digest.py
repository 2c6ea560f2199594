"""One name for all that a verdict rests on, so that a verdict can be given again years later."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING

from gateway.model import Claim, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.model import Entity
    from gateway.screen.kind import People

# Taken apart by hand: dataclasses.asdict copies deeply and takes seconds over 100,000 entities.
_LISTING: Callable[[Listing], tuple[object, ...]] = attrgetter(*(f.name for f in fields(Listing)))
_CLAIM: Callable[[Claim], tuple[object, ...]] = attrgetter(*(f.name for f in fields(Claim)))


def digest_of(entities: Iterable[Entity], people: People) -> str:
    """Give ``sha256:`` and 64 hex digits over the whole content of a snapshot.

    The hash is over one JSON line for each entity, by id, and one for what is known of people.
    Whatever has no order of its own is sorted, so that files and lines may change places.
    """
    found = hashlib.sha256()
    for entity in sorted(entities, key=attrgetter("id")):
        found.update(
            _line(
                entity.id,
                entity.name,
                entity.country,
                sorted(entity.aliases),
                sorted(_texts(_LISTING(listing)) for listing in entity.listings),
                sorted(_texts(_CLAIM(claim)) for claim in entity.domains),
                sorted(_texts(_CLAIM(claim)) for claim in entity.addresses),
            )
        )
    found.update(
        _line(
            sorted(people.personal.items()),
            sorted(people.shared.items()),
            sorted(people.roles),
            sorted(people.families),
            sorted(people.alumni),
        )
    )
    return f"sha256:{found.hexdigest()}"


def _texts(values: tuple[object, ...]) -> list[str]:
    # What is unknown is an empty text: nothing that is known is one.
    return ["" if value is None else str(value) for value in values]


def _line(*content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n"
