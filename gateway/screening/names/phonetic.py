"""What a word sounds like on the telephone, for a person who searches: wider than ``sound``.

``Koorchatof`` is Kurchatov, ``Fiztekh`` Phystech, ``Baumana`` the Russian genitive of Bauman. Such
likeness finds names for a person to look at. It never makes two names one: lists are not compared
by it, nor are proposals made.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

HEARD_ALIKE = 0.88
"""How alike two words are that a listener could not tell apart."""

DECLINED = 0.95
"""How alike a word and its Russian genitive are."""

SHORTEST = 4
"""Letters of the shorter word below which its sound says nothing."""

_FEWEST_SOUNDS = 5
_MOST_SLIPS = 0.75
"""The part of a word that may be written otherwise: ``phystech`` and ``fiztekh`` share three."""

# Latin spellings of one sound, the longest first: English, German, French and Polish ears, and the
# usual transliterations of Russian (GOST 7.79, BGN/PCGN, ISO 9) and Persian.
_HEARD = (
    (re.compile(r"x"), "ks"),
    (re.compile(r"ph|ff?|w\Z|v+"), "v"),
    (re.compile(r"[ao][uw](?![aeiouy])|[ou]+"), "o"),
    (re.compile(r"w"), "v"),
    (re.compile(r"dzh|dj|zh|(?<![aeiou])j(?=[aeou])"), "s"),
    (re.compile(r"(?<!t)sch"), "s"),
    (re.compile(r"tsch|tch|shch|tsh|ch|ck|kh|gh|[cqk]"), "k"),
    (re.compile(r"sh|ts|tz|sz|z"), "s"),
    (re.compile(r"(?<=[aeio])h(?![aeiouy])|\Ah"), "k"),
    (re.compile(r"h"), ""),
    (re.compile(r"[eiyj]+[ao]?"), "i"),
)
_ADJECTIVE = re.compile(r"(?<=[a-z]{4})(?:sk|tsk)(?:iy|ii|yi|yy|ij|y|i|aya|oye|oe|ogo|oy)\Z")
_LAST = re.compile(r"(?<=[a-z]{3})[aeiouy]+\Z")
_VOICED = {"b": "p", "d": "t", "g": "k"}
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=131_072)
def phonetic_key(token: str) -> str:
    """A token of a name as a listener would keep it, its last vowel left out."""
    heard = _LAST.sub("", _ADJECTIVE.sub("", token))
    if heard and (deaf := _VOICED.get(heard[-1])):
        heard = heard[:-1] + deaf
    for spelt, letter in _HEARD:
        heard = spelt.sub(letter, heard)
    return _TWICE.sub(r"\1", heard)


def phonetic_similarity(one: str, other: str) -> float:
    """How alike two tokens are to the ear, or as forms of one Russian name: from 0, not, to 1."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < SHORTEST or not (one + other).isalpha():
        return 0.0
    if is_genitive_of(shorter, longer):
        return DECLINED
    key = phonetic_key(one)
    if len(key) < _FEWEST_SOUNDS or key != phonetic_key(other):
        return 0.0
    return HEARD_ALIKE if OSA.distance(one, other) <= _MOST_SLIPS * len(longer) else 0.0


def is_genitive_of(name: str, genitive: str) -> bool:
    """Whether a word is another one's genitive, as behind ``imeni``: Gubkina, Zhukovskogo."""
    if len(name) >= 5 and genitive == f"{name}a":
        return name[-1] not in "aeiouy"
    return name.endswith(("iy", "y")) and genitive == f"{name.rstrip('y').rstrip('i')}ogo"
