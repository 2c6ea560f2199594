"""Domains that only look like listed ones: for review, never listed (behaviour S6).

Three things make a look-alike of a listed domain's registered part, under the same public suffix
or, in the last case, another:

* signs that are taken for each other: ``mlpt.ru``, ``rnipt.ru``, Cyrillic letters among Latin;
* one slip of the fingers in a label of six letters or more: a letter too many, too few, wrong, or
  two exchanged;
* the same label of six letters or more with another ending, where a person has reviewed the listed
  domain: ``skoltech.com``.

A label that is an everyday word, or ends in one (``ocean``, ``investbank``), says nothing about its
slips and namesakes: others are named so, too. Nor does a short one: there is an MUT, TJU or SCU in
every country. Letters are counted as a person sees them, not as an A-label spells them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import OSA

from gateway.addresses.domain_name import registrable
from gateway.screening.confusables import skeleton, u_label
from gateway.screening.everyday_words import is_or_ends_in_one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.screening.domain_index import EntityClaim

SHORTEST = 6
"""Letters of a label below which a slip or another ending says nothing: MIT is a slip of MIPT."""


class Resemblance(NamedTuple):
    """The listed domain that another looks like, who claims it, and what is alike."""

    domain: str
    entity_claims: tuple[EntityClaim, ...]
    how: str


_Claimed = tuple[str, tuple["EntityClaim", ...]]


class Lookalikes:
    """What every listed domain could be mistaken for, as keys. Immutable once made.

    ``claimed`` are normalised domains with those who hold them.

    A slip leaves one half of a label as it was: for each label there are two keys, one for each
    half, and a look-up asks for six, since a label may have lost or gained a letter.
    """

    __slots__ = ("_endings", "_halves", "_skeletons")

    def __init__(self, claimed: Iterable[_Claimed]) -> None:
        self._skeletons: dict[str, _Claimed] = {}
        self._halves: dict[str, tuple[tuple[str, _Claimed], ...]] = {}
        self._endings: dict[str, _Claimed] = {}
        for each in claimed:
            self._add(each)

    def _add(self, each: _Claimed) -> None:
        domain, entity_claims = each
        if all(entity_claim.claim.clears for entity_claim in entity_claims):
            return
        # Something below an institution's domain is mistyped as a whole: its base is what is read.
        if registrable(domain) != domain:
            return
        label, suffix = _parted(domain)
        self._skeletons.setdefault(f"{skeleton(label)}.{suffix}", each)
        if len(label) < SHORTEST or is_or_ends_in_one(label):
            return
        if any(entity_claim.claim.reviewer for entity_claim in entity_claims):
            self._endings.setdefault(label, each)
        pair = (label, each)
        for key in _halves(label, len(label), suffix):
            self._halves[key] = (*self._halves.get(key, ()), pair)

    def find(self, domain: str) -> Resemblance | None:
        """Say which listed domain a normalised, unlisted domain looks like; ``None``: like none."""
        base = registrable(domain)
        if base is None:
            return None
        label, suffix = _parted(base)
        if (found := self._skeletons.get(f"{skeleton(label)}.{suffix}")) is not None:
            return Resemblance(*found, f"{base} reads like {found[0]}")
        if (found := self._slipped(label, suffix)) is not None:
            return Resemblance(*found, f"{base} is one slip away from {found[0]}")
        if (found := self._endings.get(label)) is not None:
            return Resemblance(*found, f"{base} is {found[0]} with another ending")
        return None

    def _slipped(self, label: str, suffix: str) -> _Claimed | None:
        if len(label) < SHORTEST - 1:
            return None
        for letters in range(len(label) - 1, len(label) + 2):
            for half in _halves(label, letters, suffix):
                for other, found in self._halves.get(half, ()):
                    # One insertion, deletion, substitution or exchange of neighbours.
                    if OSA.distance(label, other, score_cutoff=1) == 1:
                        return found
        return None


def _parted(base: str) -> tuple[str, str]:
    """Part a registered domain into its label, as a person sees it, and the public suffix."""
    label, _, suffix = base.partition(".")
    return (u_label(label) if label.startswith("xn--") else label), suffix


def _halves(label: str, letters: int, suffix: str) -> tuple[str, str]:
    """Give the keys of both halves that a label of so many letters has, if they are this one's.

    One letter lies between the halves, so that two exchanged ones never lie in both.
    """
    half = letters // 2
    return (
        f"{letters}{label[: letters - 1 - half]}<{suffix}",
        f"{letters}>{label[-half:]}.{suffix}",
    )
