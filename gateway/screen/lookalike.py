"""Domains that only look like listed ones: for review, never listed.

Three things make a look-alike of a listed domain's registered part, under the same public suffix
or, in the last case, another:

* signs that are taken for each other: ``mlpt.ru``, ``rnipt.ru``, Cyrillic letters among Latin;
* one slip of the fingers in a label of six letters or more: a letter too many, too few, wrong, or
  two exchanged;
* the same label of six letters or more with another ending, where a person has reviewed the listed
  domain: ``skoltech.com``. The websites that lists give bear everyday words (``morgan.ae``,
  ``internet.ir``), and those say nothing about a namesake elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import OSA

from gateway.domain import registrable
from gateway.screen.confusable import skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.screen.domains import Holding

SHORTEST = 6
"""Letters of a label below which a slip or another ending says nothing: MIT, MUT, TJU."""


class Resemblance(NamedTuple):
    """The listed domain that another looks like, who claims it, and what is alike."""

    domain: str
    holdings: tuple[Holding, ...]
    how: str


_Claimed = tuple[str, tuple["Holding", ...]]


class Lookalikes:
    """What every listed domain could be mistaken for, as keys. Immutable once made.

    For a label of n letters there are n + 3 keys, and a look-up asks for as many: a slip is found
    by taking one letter away on both sides.
    """

    __slots__ = ("_labels", "_skeletons", "_slips")

    def __init__(self, claimed: Iterable[_Claimed]) -> None:
        self._skeletons: dict[str, _Claimed] = {}
        self._slips: dict[str, list[_Claimed]] = {}
        self._labels: dict[str, _Claimed] = {}
        for each in claimed:
            self._add(each)

    def _add(self, each: _Claimed) -> None:
        domain, holdings = each
        if all(holding.claim.clears for holding in holdings):
            return
        base = registrable(domain)
        # Something below an institution's domain is mistyped as a whole: its base is what is read.
        if base is None or base != domain:
            return
        label, suffix = _split(base)
        self._skeletons.setdefault(f"{skeleton(label)}.{suffix}", each)
        if len(label) < SHORTEST:
            return
        for shorter in _shorter(base, len(label)):
            self._slips.setdefault(shorter, []).append(each)
        if any(holding.claim.reviewer for holding in holdings):
            self._labels.setdefault(label, each)

    def find(self, domain: str) -> Resemblance | None:
        """Say which listed domain a normalised, unlisted domain looks like, if any."""
        base = registrable(domain)
        if base is None:
            return None
        label, suffix = _split(base)
        if (found := self._skeletons.get(f"{skeleton(label)}.{suffix}")) is not None:
            return Resemblance(*found, f"{base} reads like {found[0]}")
        if len(label) < SHORTEST - 1:
            return None
        for shorter in _shorter(base, len(label)):
            if shorter not in self._slips:
                continue
            for found in self._slips[shorter]:
                if _is_one_slip(base, found[0]):
                    return Resemblance(*found, f"{base} is one slip away from {found[0]}")
        if (found := self._labels.get(label)) is not None:
            return Resemblance(*found, f"{base} is {found[0]} with another ending")
        return None


def _split(base: str) -> tuple[str, str]:
    label, _, suffix = base.partition(".")
    return label, suffix


def _shorter(base: str, letters: int) -> list[str]:
    """A domain, and what is left of it with one of its label's letters away."""
    return [base, *(base[:at] + base[at + 1 :] for at in range(letters))]


def _is_one_slip(one: str, other: str) -> bool:
    """Whether one insertion, deletion, substitution or exchange of neighbours lies between."""
    return one != other and OSA.distance(one, other, score_cutoff=1) == 1
