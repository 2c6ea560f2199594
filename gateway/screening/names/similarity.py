"""How alike two names are, and why: token by token, each weighed by how rare it is.

A token counts for what it weighs on both sides. Alike ones count for less than equal ones, and
what has no counterpart counts against. Two names match only with a token in common that few
others bear: ``Institute of Physics`` is no one's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.screening.names.comparable_form import is_legal_form
from gateway.screening.names.phonetic import DECLINED
from gateway.screening.names.token_pairing import DISTINCTIVE, INITIALS, pair_tokens, usual_weight

if TYPE_CHECKING:
    from gateway.screening.names.comparable_form import ComparableForm
    from gateway.screening.names.token_pairing import Pair

Weigh = Callable[[str], float]
"""How much a token tells: from nearly 0, a legal form, to 1, a word of one institution only."""

THRESHOLD = 0.83
"""From which likeness on two names are taken for one: tuned by ``benchmarks/names.py``."""

WHOLE = 0.65
"""What two equal names of common words only must weigh: ``Central Bank of Iran`` does."""

EXTRA = 0.3
"""What a token that only one side has costs, of its weight."""

CONFLICT = 1.0
"""What it costs further, where the other side has another in its place."""

FORMS_APART = 0.85
"""What is left of the likeness of two names whose legal forms are different."""


@dataclass(frozen=True, slots=True)
class NameSimilarity:
    """Two names compared; all figures from 0 to 1.

    ``score`` is of both names as wholes. ``covered`` is how much of the first was found in the
    second. ``is_distinctive``: what they share tells them from all others. ``is_identical``: they
    are one name, which may be as common as ``Institute of Physics``. ``has_initials``: one of them
    has initials where the other has the words. ``is_said``: every word of the first but its legal
    form stands in the second, in whatever script, language or case, or as initials; none is only
    like another. ``left``: what the words of each weigh that the other does not have.
    ``reasons``: each pair of tokens as people read it, with its part of the score, the weightiest
    first.
    """

    score: float
    covered: float
    is_distinctive: bool
    is_identical: bool
    has_initials: bool
    is_said: bool
    left: tuple[float, float]
    reasons: tuple[tuple[str, float], ...]

    @property
    def is_match(self) -> bool:
        """Whether the names are one institution's, as far as names can tell."""
        return (self.is_distinctive or self.is_identical) and self.score >= THRESHOLD

    @property
    def why(self) -> str:
        """The reasons on one line."""
        return " · ".join(f"{text} {part:.2f}" for text, part in self.reasons)


def name_similarity(
    query: ComparableForm,
    name: ComparableForm,
    weigh: Weigh = usual_weight,
    *,
    by_ear: bool = False,
) -> NameSimilarity:
    """Compare two names. The first is what a person asks for, the second what a list says.

    ``by_ear``: for a person who looks at what is found, see
    :mod:`gateway.screening.names.phonetic`.
    """
    pairs = pair_tokens(query, name, by_ear=by_ear)
    ours = [weigh(text) for text in query.texts]
    theirs = [weigh(text) for text in name.texts]
    shared = found = 0.0
    is_distinctive = False
    told: list[tuple[str, float]] = []
    left_ours, left_theirs = sum(ours), sum(theirs)
    for pair in pairs:
        mine = sum(ours[at] for at in pair.query)
        other = sum(theirs[at] for at in pair.name)
        shared += pair.similarity * (mine + other)
        found += pair.similarity * mine
        left_ours -= pair.similarity * mine
        left_theirs -= pair.similarity * other
        is_distinctive |= (
            min(
                max(ours[at] for at in pair.query),
                max(theirs[at] for at in pair.name),
            )
            >= DISTINCTIVE
        )
        told.append((_told(pair, query, name), pair.similarity * (mine + other)))
    is_identical = sorted(query.texts) == sorted(name.texts)
    is_distinctive |= is_identical and sum(ours) >= WHOLE
    whole = shared + EXTRA * (left_ours + left_theirs) + CONFLICT * min(left_ours, left_theirs)
    score = shared / whole if whole else 0.0
    if _forms_differ(query, name):
        score *= FORMS_APART
    told.sort(key=lambda reason: -reason[1])
    return NameSimilarity(
        score,
        found / sum(ours) if ours else 0.0,
        is_distinctive,
        is_identical,
        any(map(_is_initials, pairs)),
        _is_said(query, name, pairs),
        (left_ours, left_theirs),
        tuple((text, part / whole) for text, part in told),
    )


def _is_initials(pair: Pair) -> bool:
    return pair.similarity == INITIALS and len(pair.query) != len(pair.name)


def _is_said(query: ComparableForm, name: ComparableForm, pairs: list[Pair]) -> bool:
    said = {
        at
        for pair in pairs
        if pair.similarity in (1.0, DECLINED) or _is_initials(pair)
        for at in pair.query
    }
    wanted = [at for at, text in enumerate(query.texts) if not is_legal_form(text)]
    return bool(wanted) and said.issuperset(wanted) and not _forms_differ(query, name)


def _forms_differ(query: ComparableForm, name: ComparableForm) -> bool:
    ours = set(filter(is_legal_form, query.texts))
    theirs = set(filter(is_legal_form, name.texts))
    ours.discard("company")
    theirs.discard("company")
    return bool(ours and theirs and not ours & theirs)


def _told(pair: Pair, query: ComparableForm, name: ComparableForm) -> str:
    asked = " ".join(query.tokens[at].original for at in pair.query)
    said = " ".join(name.tokens[at].original for at in pair.name)
    return asked if asked == said else f"{asked} = {said}"
