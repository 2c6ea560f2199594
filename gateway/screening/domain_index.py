"""Which entities claim a domain: dictionary look-ups on label boundaries, longest name first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.model import Claim, Entity


@dataclass(frozen=True, slots=True)
class EntityClaim:
    """An entity and the claim by which it holds a domain or an address."""

    entity: Entity
    claim: Claim


class DomainIndex:
    """Every claimed domain, for exact and subtree look-ups. Immutable once made.

    A look-up costs one dictionary access a label, whatever the number of domains.
    """

    __slots__ = ("_entity_claims",)

    def __init__(self, entity_claims: Iterable[EntityClaim]) -> None:
        self._entity_claims: Mapping[str, tuple[EntityClaim, ...]] = grouped(entity_claims)

    def __len__(self) -> int:
        return len(self._entity_claims)

    def __contains__(self, domain: str) -> bool:
        return domain in self._entity_claims

    def __iter__(self) -> Iterator[str]:
        return iter(self._entity_claims)

    def items(self) -> Iterable[tuple[str, tuple[EntityClaim, ...]]]:
        """Give every claimed name with those who hold it."""
        return self._entity_claims.items()

    def matches(self, domain: str) -> Iterator[tuple[str, tuple[EntityClaim, ...]]]:
        """Give the claimed names at and above a normalised domain, longest first."""
        entity_claims = self._entity_claims
        while True:
            if (found := entity_claims.get(domain)) is not None:
                yield domain, found
            dot = domain.find(".") + 1
            if not dot:
                return
            domain = domain[dot:]

    def covers(self, domain: str) -> bool:
        """Whether a claim, if only one that clears, stands at or above a normalised domain."""
        return next(self.matches(domain), None) is not None


def grouped(entity_claims: Iterable[EntityClaim]) -> dict[str, tuple[EntityClaim, ...]]:
    """Sort claims under the value they claim; of one value, the first is the one that counts.

    What a person says goes before what a list says, and an earlier list before a later one.
    """
    found: dict[str, list[EntityClaim]] = {}
    for entity_claim in entity_claims:
        found.setdefault(entity_claim.claim.value, []).append(entity_claim)
    return {value: tuple(sorted(each, key=_precedence)) for value, each in found.items()}


def _precedence(entity_claim: EntityClaim) -> tuple[bool, int, str]:
    return entity_claim.claim.reviewer is None, entity_claim.entity.rank, entity_claim.entity.id
