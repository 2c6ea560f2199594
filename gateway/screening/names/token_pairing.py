"""Which tokens of two names answer each other: equal, alike, written apart, or by initials."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import OSA

from gateway.screening.names import initials
from gateway.screening.names.common_words import COMMON
from gateway.screening.names.comparable_form import (
    consonant_skeleton,
    is_legal_form,
    sound_key,
    without_vowels,
)
from gateway.screening.names.phonetic import phonetic_similarity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gateway.screening.names.comparable_form import ComparableForm, Token

DISTINCTIVE = 0.6
"""What a token weighs at the least that names may be found by."""

HEARD = 0.8
"""How alike two tokens are whose consonants sound the same."""

SOUNDS_ALIKE = 0.9
"""The same of those whose vowels sound the same as well."""

MOST_SLIPS = 0.6
"""The part of a word that may be spelt otherwise where it sounds the same: ``mlk``, ``malek``."""

INITIALS = 0.85
"""How alike a name and its initials are."""


class Pair(NamedTuple):
    """Tokens that answer each other, one or several of each side, and how alike they are.

    ``query`` and ``name`` are places in the names' tokens, from 0; ``similarity`` is from 0 to 1.
    """

    query: tuple[int, ...]
    name: tuple[int, ...]
    similarity: float


def usual_weight(token: str) -> float:
    """What a token weighs, from 0 to 1, where nothing is known of how many bear it."""
    if (known := COMMON.get(token)) is not None:
        return known.weight
    if token.isdigit():
        return 0.25
    return {1: 0.25, 2: 0.5}.get(len(token), 1.0)


def similarity(one: str, other: str) -> float:
    """How alike two single tokens, neither empty, are: from 0, not at all, to 1, equal."""
    if one == other:
        return 1.0
    if one[0].isdigit() or other[0].isdigit():
        return 0.0
    shorter, longer = sorted((len(one), len(other)))
    if shorter < 3:
        return 0.0
    slips = OSA.distance(one, other)
    if slips <= _allowed(shorter):
        return 1 - slips / longer
    if slips > MOST_SLIPS * longer:
        return 0.0
    if shorter >= 4 and sound_key(one) == sound_key(other):
        return SOUNDS_ALIKE
    consonants = consonant_skeleton(one)
    if len(consonants) >= 3 and consonants == consonant_skeleton(other):
        bare = without_vowels(one), without_vowels(other)
        # Arabic and Persian are mostly written without vowels.
        if bare[0] == bare[1] and (one in bare or other in bare):
            return HEARD
        if slips <= longer / 2 and one not in bare and other not in bare:
            return HEARD
    return 0.0


def _alike(one: Token, other: Token, *, by_ear: bool) -> float:
    """Compare common forms, and, where a slip kept a word from being known, what was said."""
    found = similarity(one.text, other.text)
    if one.text != one.original or other.text != other.original:
        found = max(found, similarity(one.original, other.original))
    return max(found, phonetic_similarity(one.text, other.text)) if by_ear else found


def _allowed(length: int) -> int:
    """Slips that a token of so many letters may have and still be read as the same."""
    if length < 5:
        return 0
    return 1 if length < 8 else 2 if length < 12 else 3


def pair_tokens(query: ComparableForm, name: ComparableForm, *, by_ear: bool = False) -> list[Pair]:
    """Pair the tokens of two names; each is in one pair at most, those without any in none.

    ``by_ear``: what a listener would confuse counts as well, and so do Russian initials.
    """
    return _Pairing(query, name, by_ear=by_ear).run()


class _Pairing:
    """Places of tokens that are not paired yet, on both sides, and the pairs so far."""

    def __init__(self, query: ComparableForm, name: ComparableForm, *, by_ear: bool) -> None:
        self._query = query
        self._name = name
        self._by_ear = by_ear
        self._pairs: list[Pair] = []
        self._left, self._right = self._equal()

    def run(self) -> list[Pair]:
        """From what is sure to what is less so."""
        if len(self._left) == len(self._right) == 1 and self._pairs:
            self._take_the_last()
        if self._left and self._right:
            self._take_alike()
        if self._left and self._right:
            self._take_joined(turned=False)
            self._take_joined(turned=True)
        if self._left and self._right:
            if _are_written_apart(self._query.squeezed, self._name.squeezed):
                return self._as_wholes()
            self._take_initials(turned=False)
            self._take_initials(turned=True)
        return self._pairs

    def _equal(self) -> tuple[list[int], list[int]]:
        """Pair equal tokens; the places of all others."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for at, token in enumerate(self._name.tokens):
            places[token.text].append(at)
        left: list[int] = []
        for at, token in enumerate(self._query.tokens):
            if places[token.text]:
                self._pairs.append(Pair((at,), (places[token.text].pop(0),), 1.0))
            else:
                left.append(at)
        return left, sorted(at for spare in places.values() for at in spare)

    def _take_alike(self) -> None:
        ours, theirs = self._query.tokens, self._name.tokens
        alike = [
            (found, mine, other)
            for mine in self._left
            for other in self._right
            if (found := _alike(ours[mine], theirs[other], by_ear=self._by_ear))
        ]
        for found, mine, other in sorted(alike, key=lambda each: -each[0]):
            if mine in self._left and other in self._right:
                self._take((mine,), (other,), found)

    def _take_the_last(self) -> None:
        """Take more slips than elsewhere in the one word that differs, all others being equal.

        In a short one only where the others tell enough by themselves.
        """
        at, place = self._left[0], self._right[0]
        mine, other = self._query.tokens[at], self._name.tokens[place]
        if (mine.text in COMMON and other.text in COMMON) or not (
            mine.original + other.original
        ).isalpha():
            return
        slips, longer = (
            OSA.distance(mine.original, other.original),
            max(len(mine.original), len(other.original)),
        )
        texts = self._query.texts
        is_known = any(usual_weight(texts[pair.query[0]]) >= DISTINCTIVE for pair in self._pairs)
        if (slips <= 2 and longer >= 6) or (slips == 1 and longer >= 3 and is_known):
            self._take((at,), (place,), 1 - slips / longer)

    def _take_joined(self, *, turned: bool) -> None:
        """Pair what one side writes in one word and the other in two or three."""

        def answer(one: str, run: Sequence[Token]) -> float:
            joined = "".join(token.original for token in run)
            found = similarity(one, joined) if len(one) >= 5 else 0.0
            return found if found >= HEARD else 0.0

        self._take_runs(lambda _: (2, 3), answer, turned=turned)

    def _take_initials(self, *, turned: bool) -> None:
        """Pair initials and the words that they stand for, in their order."""

        def answer(one: str, run: Sequence[Token]) -> float:
            if one == initials.plain(run):
                return INITIALS
            return INITIALS if self._by_ear and one == initials.russian(run) else 0.0

        def lengths(one: str) -> tuple[int, ...]:
            if len(one) < initials.FEWEST:
                return ()
            # One Russian letter may be two in transliteration: ts, kh.
            return (len(one), len(one) - 1) if self._by_ear else (len(one),)

        self._take_runs(lengths, answer, turned=turned)

    def _take_runs(
        self,
        lengths: Callable[[str], tuple[int, ...]],
        answer: Callable[[str, Sequence[Token]], float],
        *,
        turned: bool,
    ) -> None:
        single, many = (self._right, self._left) if turned else (self._left, self._right)
        ours, theirs = self._query.tokens, self._name.tokens
        one, several = (theirs, ours) if turned else (ours, theirs)
        for at in list(single):
            for run in _runs(many, lengths(one[at].original)):
                if found := answer(one[at].original, [several[place] for place in run]):
                    query, name = (run, (at,)) if turned else ((at,), run)
                    self._take(query, name, found)
                    break

    def _take(self, query: tuple[int, ...], name: tuple[int, ...], found: float) -> None:
        self._pairs.append(Pair(query, name, found))
        for at in query:
            self._left.remove(at)
        for at in name:
            self._right.remove(at)

    def _as_wholes(self) -> list[Pair]:
        """Pair all words of two names but their legal forms, and one of those that is in both."""
        words = [
            tuple(at for at, text in enumerate(texts) if not is_legal_form(text))
            for texts in (self._query.texts, self._name.texts)
        ]
        forms = [pair for pair in self._pairs if is_legal_form(self._query.texts[pair.query[0]])]
        return [Pair(words[0], words[1], 1.0), *forms]


def _runs(places: list[int], lengths: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Places side by side."""
    for length in lengths:
        for start in range(len(places) - length + 1):
            run = tuple(places[start : start + length])
            if run[-1] - run[0] == length - 1:
                yield run


def _are_written_apart(one: str, other: str) -> bool:
    """Whether two names differ in where their words end, and in one slip at most."""
    if not (one.isalpha() and other.isalpha()):
        return False
    # One letter for another may be another name: Iran and Iraq.
    is_long = len(one) != len(other) and min(len(one), len(other)) >= 8
    return one == other or (is_long and OSA.distance(one, other) == 1)
