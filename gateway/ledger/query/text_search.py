"""Words that a person remembers, found in the names that the ledger holds (behaviour A7).

A word that stands there, or begins one that does, is taken as it is; so are other spellings of the
same sound, for names go through many alphabets (``Иванов`` is ivanov, iwanow and ivanoff). Only
what is not there at all is taken for a slip, and for the words that are nearest to it. All of the
vocabulary is compared, which takes 0.05 s for 100,000 names.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from anyascii import anyascii
from rapidfuzz import process
from rapidfuzz.distance import OSA

from gateway.errors import LedgerError
from gateway.ledger.questions.filters import SearchWord

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

MOST_WORDS = 8
"""So many words one text may have: each is compared with the whole vocabulary."""

LONGEST_WORD = 40
"""Letters of a word that are compared; no name has a longer one to tell it from others by."""

MOST_COMMON = 2000
"""With more names than that, a word is common (:class:`SearchWord`)."""

_SHORTEST_SLIP = 4
_LONG = 7
_MOST_TAKEN = 12
_MOST_COMPARED = 400
_HALF = 0.5

# Latin spellings of one sound: BGN/PCGN, ISO 9, the German, French and Polish ones of Russian
# names, the longest first. It loses more than a transliteration may, so it is only ever compared
# with its own like.
_SPELLINGS = (
    (re.compile("ph|ff?|w"), "v"),
    (re.compile("shch|tsch|tch|sch?|ch|cz"), "c"),
    (re.compile("sh|sz|zh|ts|tz|z"), "s"),
    (re.compile("(?<=[^aeiouk])h"), ""),
    (re.compile("kh"), "h"),
    (re.compile("ck|q"), "k"),
    (re.compile("x"), "ks"),
    (re.compile("ou"), "u"),
    (re.compile(r"e[jyi]+\Z|[jyi]+"), "i"),
)
_TWICE = re.compile(r"(.)\1+")


def search(connection: sqlite3.Connection, text: str) -> tuple[SearchWord, ...]:
    """What each word of the text stands for among the names of an open ledger.

    In the order of the text. Words end where letters and digits do, as the index has them. Raises
    ``LedgerError`` for a text of none, and for one of too many.
    """
    composed = unicodedata.normalize("NFKC", text)
    words = "".join(sign if sign.isalnum() else " " for sign in composed).split()
    if not words:
        raise LedgerError(f"--text {text!r} holds no word: give letters or digits of a name")
    if len(words) > MOST_WORDS:
        raise LedgerError(
            f"--text has {len(words)} words, {MOST_WORDS} are the most: leave the commonest out"
        )
    vocabulary = Vocabulary(connection)
    return tuple(vocabulary.find(word) for word in words)


class Vocabulary:
    """The words of all names of a ledger, as its full-text index has them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @cached_property
    def _words(self) -> list[str]:
        # As one text: a row for each of 100,000 words takes twice as long.
        (joined,) = self._connection.execute(
            "SELECT group_concat(term, char(10)) FROM name_word"
        ).fetchone()
        return joined.split("\n") if joined else []

    @cached_property
    def _written(self) -> list[str]:
        """Each word in Latin letters, in the same order."""
        return [word if word.isascii() else latin(word) for word in self._words]

    def find(self, asked: str) -> SearchWord:
        """What a word stands for: itself, other spellings of it, or what a slip made of it.

        Its ``query`` is empty where no name has the like.
        """
        folded = fold(asked)[:LONGEST_WORD]
        is_there = self._count(_expression([folded])) > 0
        spellings = self._of_one_sound({folded, latin(folded)[:LONGEST_WORD]})
        known = [folded] if is_there else []
        found = known + [word for word in spellings if not word.startswith(tuple(known))]
        if not found:
            found = self._slips(latin(folded)[:LONGEST_WORD])
        if not found:
            return SearchWord(asked)
        query = _expression(found)
        taken = () if found == known else tuple(word for word in found if word != folded)
        return SearchWord(asked, query, taken, self._count(query) > MOST_COMMON)

    def _count(self, query: str) -> int:
        (count,) = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM name_text WHERE name_text MATCH ? LIMIT ?)",
            (query, MOST_COMMON + 1),
        ).fetchone()
        return int(count)

    def _of_one_sound(self, forms: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for form in sorted(forms):
            heard = _sound(form)
            if len(heard) < _SHORTEST_SLIP - 1:
                pairs = zip(self._words, self._written, strict=True)
                found |= dict.fromkeys(word for word, written in pairs if written == form)
                continue
            near = process.extract(
                form,
                self._written,
                scorer=OSA.normalized_similarity,
                score_cutoff=_HALF,
                limit=_MOST_COMPARED,
            )
            found |= {self._words[at]: None for written, _, at in near if _sound(written) == heard}
        return list(found)[:_MOST_TAKEN]

    def _slips(self, written: str) -> list[str]:
        """The nearest words, one letter wrong, missing, too many or two exchanged; two in long."""
        if len(written) < _SHORTEST_SLIP:
            return []
        allowed = 2 if len(written) >= _LONG else 1
        near = process.extract(
            written, self._written, scorer=OSA.distance, score_cutoff=allowed, limit=None
        )
        least = min((distance for _, distance, _ in near), default=0)
        nearest = [self._words[at] for _, distance, at in near if distance == least]
        return nearest[:_MOST_TAKEN]


def fold(text: str) -> str:
    """A word without case and marks, as the index keeps it (unicode61, remove_diacritics 2)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare)


def latin(text: str) -> str:
    """A word in Latin letters, in whatever script it is written, with nothing but letters."""
    return "".join(filter(str.isalnum, anyascii(text).lower()))


def _sound(written: str) -> str:
    for spelling, letter in _SPELLINGS:
        written = spelling.sub(letter, written)
    return _TWICE.sub(r"\1", written)


def _expression(words: Iterable[str]) -> str:
    """FTS5's expression for names with a word that begins with one of these."""
    return " OR ".join(f'"{word}"*' for word in words)
