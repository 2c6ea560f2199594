"""Which entities claim a domain: dictionary look-ups on label boundaries, longest name first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.model import Claim, Entity


@dataclass(frozen=True, slots=True)
class Holding:
    """An entity and the claim by which it holds a domain or an address."""

    entity: Entity
    claim: Claim


class DomainIndex:
    """Every claimed domain, for exact and subtree look-ups. Immutable once made.

    A look-up costs one dictionary access a label, whatever the number of domains.
    """

    __slots__ = ("_holdings",)

    def __init__(self, holdings: Iterable[Holding]) -> None:
        self._holdings: Mapping[str, tuple[Holding, ...]] = grouped(holdings)

    def __len__(self) -> int:
        return len(self._holdings)

    def __contains__(self, domain: str) -> bool:
        return domain in self._holdings

    def __iter__(self) -> Iterator[str]:
        return iter(self._holdings)

    def items(self) -> Iterable[tuple[str, tuple[Holding, ...]]]:
        """Give every claimed name with those who hold it."""
        return self._holdings.items()

    def matches(self, domain: str) -> Iterator[tuple[str, tuple[Holding, ...]]]:
        """Give the claimed names at and above a normalised domain, longest first."""
        holdings = self._holdings
        while True:
            if (found := holdings.get(domain)) is not None:
                yield domain, found
            dot = domain.find(".") + 1
            if not dot:
                return
            domain = domain[dot:]

    def covers(self, domain: str) -> bool:
        """Whether a claim, if only one that clears, stands at or above a normalised domain."""
        return next(self.matches(domain), None) is not None


def grouped(holdings: Iterable[Holding]) -> dict[str, tuple[Holding, ...]]:
    """Sort holdings under the value they claim; of one value, the first is the one that counts.

    What a person says goes before what a list says, and an earlier list before a later one.
    """
    found: dict[str, list[Holding]] = {}
    for holding in holdings:
        found.setdefault(holding.claim.value, []).append(holding)
    return {value: tuple(sorted(each, key=_precedence)) for value, each in found.items()}


def _precedence(holding: Holding) -> tuple[bool, int, str]:
    return holding.claim.reviewer is None, holding.entity.rank, holding.entity.id
