"""The initials of a name, in the language it is written in and in Russian.

An institution is asked for by the initials that its own people use. The lists have it in English:
МГТУ is the Moscow State Technical University, since the words are moskovskiy, gosudarstvennyy,
tekhnicheskiy, universitet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.screening.names.comparable_form import is_legal_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.screening.names.comparable_form import ComparableForm, Token

FEWEST, MOST = 3, 8
"""Letters that initials have."""

# The first letter, transliterated, of the Russian word for each common form.
_RUSSIAN = {
    word: letter
    for letter, words in {
        "a": "academy agency aviation aircraft",
        "b": "bank bureau security biology",
        "e": "energy electric electronics economics",
        "f": "faculty foundation branch federal physics",
        "g": "group state mining gas humanities",
        "i": "institute research engineering information",
        "k": "college department committee commission concern complex design aerospace kazan",
        "kh": "chemistry",
        "l": "laboratory",
        "m": "ministry international medicine mathematics mechanics machine metal materials moscow",
        "n": "national scientific science oil new novosibirsk",
        "o": "organization association society united defense experimental education",
        "p": "enterprise production polytechnic industry instrument petersburg",
        "r": "russia radio development",
        "s": "union service system communication construction special north siberia samara",
        "sh": "school",
        "t": "technology technical transport tomsk",
        "ts": "center central",
        "u": "university ural",
        "v": "higher east military",
        "ya": "nuclear",
        "yu": "south",
        "z": "plant west",
    }.items()
    for word in words.split()
}


def initials_of(form: ComparableForm) -> Iterator[str]:
    """Give the initials of a name: of all its words, and of all but the first.

    ``mstu`` and ``mgtu`` of Bauman Moscow State Technical University.
    """
    words = [token for token in form.tokens if not is_legal_form(token.text)]
    for some in (words, words[1:]):
        for letters in (plain(some), russian(some)):
            if FEWEST <= len(letters) <= MOST:
                yield letters


def plain(tokens: Sequence[Token]) -> str:
    """The first letters of words as they were said."""
    return "".join(token.original[0] for token in tokens)


def russian(tokens: Sequence[Token]) -> str:
    """The first letters of the Russian words; empty where one of them is not known."""
    letters = [_RUSSIAN.get(token.text, "") for token in tokens]
    return "".join(letters) if all(letters) else ""
