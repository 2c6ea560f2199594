"""An index of names: which institution could be meant by one, approximately and explained.

Candidates come first and cheaply, by the rare words they share with the question, spelt alike or
sounding alike; only those are compared in earnest (:mod:`gateway.screening.names.similarity`).
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from gateway.screening.names.common_words import COMMON, PLACE
from gateway.screening.names.comparable_form import (
    comparable_form,
    consonant_skeleton,
    is_legal_form,
)
from gateway.screening.names.initials import initials_of
from gateway.screening.names.phonetic import HEARD_ALIKE, phonetic_key
from gateway.screening.names.similarity import NameSimilarity, name_similarity
from gateway.screening.names.token_pairing import DISTINCTIVE, usual_weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.model import Entity
    from gateway.screening.names.comparable_form import ComparableForm

MOST_COMPARED = 300
"""Names that one question is compared with in earnest, the likeliest first."""

LEAST = 0.5
"""Below it a hit would be no help to anybody."""

MOST_WEAK = 0.6
"""What a hit by a weak alias is worth at most: such a name finds nobody by itself."""

MOSTLY = 0.75
"""Of the rare words of both names, the part they must share to be taken for one quickly."""

NEAR = 0.72
"""How alike words must be spelt to be looked at as one."""

MOST_NEAR = 12


class MatchedBy(StrEnum):
    """In what way a question leads to a name."""

    NAME = "name"
    """It is the name, in whatever script, and however kinds and legal forms are called."""
    PART = "part"
    """All its words stand in the name."""
    INITIALS = "initials"
    """It has initials where the name has the words, or the other way round."""
    ALIKE = "alike"
    """A word of it is only like one of the name, by spelling or by ear, or is not there at all."""


class IndexedName(NamedTuple):
    """One name of one institution, by its id. ``is_weak``: too common to find it by alone."""

    owner: str
    text: str
    is_weak: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """An institution that could be meant, and by which of its names.

    ``score`` from 0 to 1 says how well it answers the question; a part of a name is an answer.
    ``likeness`` compares the names as wholes.
    """

    owner: str
    name: str
    is_weak: bool
    score: float
    likeness: NameSimilarity

    @property
    def is_match(self) -> bool:
        """Whether the names are one institution's; a weak alias never says so by itself."""
        return self.likeness.is_match and not self.is_weak

    @property
    def is_named(self) -> bool:
        """Whether the question names it: all its words stand in the name, one of them rare.

        Nothing of it is a guess then, and a part of the name is enough; a weak alias is not.
        """
        found = self.likeness
        is_telling = found.is_distinctive or found.is_identical or found.has_initials
        return found.is_said and is_telling and not self.is_weak

    @property
    def how(self) -> MatchedBy:
        """In what way the question leads to the name."""
        found = self.likeness
        if not found.is_said:
            return MatchedBy.ALIKE
        if found.has_initials:
            return MatchedBy.INITIALS
        return MatchedBy.NAME if found.is_identical else MatchedBy.PART


def names_of(entity: Entity) -> Iterator[IndexedName]:
    """Give an entity's names as the index takes them."""
    yield IndexedName(entity.id, entity.name)
    for alias in entity.aliases:
        yield IndexedName(entity.id, alias)
    for alias in entity.weak_aliases:
        yield IndexedName(entity.id, alias, is_weak=True)


class NameIndex:
    """Names by their words. Immutable once made; what a word weighs depends on all of them."""

    def __init__(self, names: Iterable[IndexedName]) -> None:
        self._names: list[IndexedName] = []
        self._forms: list[ComparableForm] = []
        postings: defaultdict[str, list[int]] = defaultdict(list)
        squeezed: defaultdict[str, list[int]] = defaultdict(list)
        for name in dict.fromkeys(names):
            form = comparable_form(name.text)
            at = len(self._names)
            self._names.append(name)
            self._forms.append(form)
            if form.squeezed:
                squeezed[form.squeezed].append(at)
            for text in set(form.texts):
                postings[text].append(at)
        self._postings = dict(postings)
        self._squeezed = dict(squeezed)
        self._weights = dict(_weights(self._names, self._postings))
        self._rare = [
            text
            for text, weight in self._weights.items()
            if weight >= DISTINCTIVE and len(text) > 2
        ]
        self._sounds: defaultdict[str, list[str]] = defaultdict(list)
        for text in self._rare:
            self._sounds[consonant_skeleton(text)].append(text)
        # For a person's question alone: made when first asked for.
        self._ears: defaultdict[str, list[str]] | None = None
        self._initials: dict[str, list[int]] | None = None
        self._rarity = [
            sum(weight for text in form.texts if (weight := self._weights[text]) >= DISTINCTIVE)
            for form in self._forms
        ]

    def __len__(self) -> int:
        return len(self._names)

    def weigh(self, token: str) -> float:
        """What a token's common form weighs among these names: see ``usual_weight``."""
        return self._weights.get(token) or usual_weight(token)

    def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Give who could be meant by a name or a part of it, the likeliest first, each once."""
        best: dict[str, Hit] = {}
        asked = comparable_form(query)
        for hit in self._hits(asked, is_thorough=True):
            if hit.score >= LEAST and _is_worth_telling(hit, asked):
                other = best.get(hit.owner)
                if other is None or _order(hit) < _order(other):
                    best[hit.owner] = hit
        return heapq.nsmallest(limit, best.values(), key=_order)

    def matches(self, query: str, among: Callable[[str], bool] | None = None) -> list[Hit]:
        """Give whose name this is, the likeliest first; quick, for questions by the thousand.

        Only names as wholes count, only those that a rare word tells from others, and no weak one.
        ``among`` says of an owner whether it could be the one at all: others are not compared.
        """
        best: dict[str, Hit] = {}
        for hit in self._hits(comparable_form(query), is_thorough=False, among=among):
            if hit.is_match and hit.likeness.is_distinctive:
                other = best.get(hit.owner)
                if other is None or hit.likeness.score > other.likeness.score:
                    best[hit.owner] = hit
        return sorted(best.values(), key=lambda hit: (-hit.likeness.score, hit.owner))

    def _hits(
        self,
        query: ComparableForm,
        *,
        is_thorough: bool,
        among: Callable[[str], bool] | None = None,
    ) -> Iterator[Hit]:
        for at in self._candidates(query, is_thorough=is_thorough, among=among):
            found = name_similarity(query, self._forms[at], self.weigh, by_ear=is_thorough)
            name = self._names[at]
            score = 0.75 * found.covered + 0.25 * found.score
            if name.is_weak:
                score = min(score, MOST_WEAK)
            yield Hit(name.owner, name.text, name.is_weak, score, found)

    def _candidates(
        self, query: ComparableForm, *, is_thorough: bool, among: Callable[[str], bool] | None
    ) -> list[int]:
        """Places of the names to compare, by how much of what is rare they share."""
        rare = [text for text in dict.fromkeys(query.texts) if self.weigh(text) >= DISTINCTIVE]
        shared = self._sharing(rare, is_thorough=is_thorough)
        for one, other in pairwise(token.original for token in query.tokens):
            for at in self._postings.get(one + other, ()):
                shared[at] += 1.0
        if is_thorough:
            self._add_common(query, shared)
        else:
            least = MOSTLY * sum(map(self.weigh, rare))
            shared = {
                at: worth
                for at, worth in shared.items()
                if worth >= least and worth >= MOSTLY * self._rarity[at]
            }
        for at in self._squeezed.get(query.squeezed, ()):
            shared[at] = float(len(query.tokens))
        if not rare:
            shared = self._having_all(query, is_thorough=is_thorough) | shared
        places: Iterable[int] = shared
        if among is not None:
            places = [at for at in shared if among(self._names[at].owner)]
        return heapq.nsmallest(MOST_COMPARED, places, key=lambda at: (-shared[at], at))

    def _sharing(self, rare: list[str], *, is_thorough: bool) -> dict[int, float]:
        """Names that have one of some rare words, or what it could stand for."""
        shared: defaultdict[int, float] = defaultdict(float)
        for text in rare:
            for other, worth in self._alike(text, is_thorough=is_thorough).items():
                weight = worth * self._weights[other]
                for at in self._postings[other]:
                    shared[at] += weight
            for at in self._of_initials(text) if is_thorough else ():
                shared[at] += 1.0
        return shared

    def _add_common(self, query: ComparableForm, shared: dict[int, float]) -> None:
        """Of many names with the rare word, put those first that have the common ones too."""
        for text in query.texts:
            if self.weigh(text) < DISTINCTIVE and not is_legal_form(text):
                for at in self._postings.get(text, ()):
                    if at in shared:
                        shared[at] += self.weigh(text)

    def _having_all(self, query: ComparableForm, *, is_thorough: bool) -> dict[int, float]:
        """For a name without any rare word: those that have all of its words, short ones first.

        Quickly, only those that have no other.
        """
        places = sorted((self._postings.get(text, []) for text in set(query.texts)), key=len)
        if not places:
            return {}
        found = set(places[0]).intersection(*places[1:])
        lengths = {at: len(self._forms[at].tokens) for at in found}
        return {
            at: 1.0 / length
            for at, length in lengths.items()
            if is_thorough or length == len(query.tokens)
        }

    def _alike(self, text: str, *, is_thorough: bool) -> dict[str, float]:
        """Words of the index that a word could stand for, with how sure that is."""
        found = dict.fromkeys(self._sounds.get(consonant_skeleton(text), ()), 0.8)
        if is_thorough and len(text) >= 4:
            near = process.extract(
                text,
                self._rare,
                scorer=OSA.normalized_similarity,
                score_cutoff=NEAR,
                limit=MOST_NEAR,
            )
            for other, sure, _ in near:
                found[other] = max(found.get(other, 0.0), sure)
            for other in self._heard(text):
                found[other] = max(found.get(other, 0.0), HEARD_ALIKE)
        if text in self._postings:
            found[text] = 1.0
        return found

    def _heard(self, text: str) -> list[str]:
        """Rare words of the index that a listener could take a word for."""
        if self._ears is None:
            self._ears = defaultdict(list)
            for each in self._rare:
                self._ears[phonetic_key(each)].append(each)
        return self._ears.get(phonetic_key(text), [])

    def _of_initials(self, text: str) -> Iterable[int]:
        """Names whose initials these are."""
        if self._initials is None:
            self._initials = _initials(self._forms)
        return self._initials.get(text, ())


def _weights(
    names: list[IndexedName], postings: dict[str, list[int]]
) -> Iterator[tuple[str, float]]:
    """What each token weighs: less, the more institutions bear it, however many names they have."""
    owners = len({name.owner for name in names})
    few = max(8.0, owners / 1000)
    many = max(80.0, owners / 50)
    for text, places in postings.items():
        weight = usual_weight(text)
        if text not in COMMON and len(places) > few:
            bearers = len({names[at].owner for at in places})
            commonness = math.log(max(bearers / few, 1)) / math.log(many / few)
            weight *= max(0.4, 1 - 0.6 * commonness)
        yield text, weight


def _initials(forms: list[ComparableForm]) -> dict[str, list[int]]:
    """Names by their initials."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for at, form in enumerate(forms):
        for initials in initials_of(form):
            found[initials].append(at)
    return dict(found)


def _is_worth_telling(hit: Hit, asked: ComparableForm) -> bool:
    """Whether what is shared says something.

    All of what was asked for does, unless it is nothing but common words without a place.
    """
    found = hit.likeness
    if found.is_distinctive or found.is_identical or found.has_initials:
        return True
    return found.covered >= 1 and any(
        known.weight == PLACE if (known := COMMON.get(text)) else usual_weight(text) >= DISTINCTIVE
        for text in asked.texts
    )


def _order(hit: Hit) -> tuple[float, float, str]:
    return -hit.score, -hit.likeness.score, hit.owner
