"""One comparable form of a name, whatever script and spelling it came in.

A name becomes a row of tokens: compatible signs made one (NFKC), transliterated (anyascii), in
lower case; legal forms, kinds of institution and numbers replaced by one common word each.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii

from gateway.screening.names.common_words import COMMON, FORM
from gateway.screening.names.phrases import (
    HAN,
    LONGEST_PHRASE,
    NUMBERS,
    PHRASE_STARTS,
    PHRASES,
    STOP,
    TENS,
)

MAX_NAME = 500
"""Signs of a name that are looked at; the longest on any list has fewer."""

_HAN = re.compile(r"[\u3400-\u9fff]+")
_HAN_WORD = re.compile("|".join(sorted(HAN, key=len, reverse=True)))
_INITIALS = re.compile(r"\b(?:[a-z]\.\s?){1,}[a-z]\b\.?")
_POSSESSIVE = re.compile(r"'s\b")
_MARKS = re.compile(r"['`\"]+")
_WORD = re.compile(r"[a-z0-9]+")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\Z")
_ROMAN = re.compile(r"(?:x{0,3})(?:ix|iv|v?i{0,3})\Z")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}

# What sounds alike, in this order: the digraphs of Latin spellings first.
_SOUNDS = (
    (re.compile(r"tch|sch|tsch"), "k"),
    (re.compile(r"ck|kh|ch|[cqx]"), "k"),
    (re.compile(r"sh|zh|ts|tz|[z]"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"dzh|dj"), "j"),
    (re.compile(r"[ao][uw](?![aeiouy])|ou|oo|[ou]"), "o"),
    (re.compile(r"w"), "v"),
    (re.compile(r"[eiy]+a?"), "i"),
    (re.compile(r"h"), ""),
)
# What Russian adds to a name to make an adjective of it: muromskiy from Murom.
_ENDING = re.compile(r"(?<=[a-z]{4})(?:sk|tsk)(?:iy|ii|yi|yy|y|i|aya|oye|oe|ogo|oy)\Z")
_TWICE = re.compile(r"(.)\1+")
_VOWEL = re.compile(r"[aeiouy]")


class Token(NamedTuple):
    """One word of a name. ``text`` is its common form, ``original`` what stood in the name."""

    text: str
    original: str


class ComparableForm(NamedTuple):
    """A name's tokens in their order; none of them for a name without any letter or digit.

    ``squeezed`` is the name without its legal forms, written as one word.
    """

    tokens: tuple[Token, ...]
    squeezed: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The common forms alone."""
        return tuple(token.text for token in self.tokens)


def comparable_form(name: str) -> ComparableForm:
    """Read a name. Takes any text; of one longer than :data:`MAX_NAME` the beginning counts."""
    words = _words(name[:MAX_NAME])
    replaced = _replaced(words)
    tokens = [token for token in replaced if token.text not in STOP]
    if not tokens:
        tokens = [Token(word, word) for word in words]
    squeezed = "".join(token.original for token in replaced if not is_legal_form(token.text))
    return ComparableForm(tuple(tokens), squeezed.replace(" ", ""))


def is_legal_form(token: str) -> bool:
    """Whether the common form of a token is a legal form, as ``llc``."""
    return (known := COMMON.get(token)) is not None and known.weight == FORM


def sound_key(token: str) -> str:
    """A token as it is heard: ``bowman`` and ``bauman`` have one, as have Skolteck and Skoltech."""
    return _heard(token)[0]


def consonant_skeleton(token: str) -> str:
    """What is left of a sound without vowels: ``mlk``, as Persian is written, has Malek's."""
    return _heard(token)[1]


@lru_cache(maxsize=65_536)
def _heard(token: str) -> tuple[str, str]:
    token = _ENDING.sub("", token)
    for alike, letter in _SOUNDS:
        token = alike.sub(letter, token)
    token = _TWICE.sub(r"\1", token)
    return token, _TWICE.sub(r"\1", _VOWEL.sub("", token))


def without_vowels(token: str) -> str:
    """A token as Arabic and Persian would write it."""
    return _VOWEL.sub("", token)


def _words(name: str) -> list[str]:
    if name.isascii():
        text = name.lower()
    else:
        # Composed, since a letter and its mark apart (й) would be transliterated as two.
        text = _HAN.sub(_read_han, unicodedata.normalize("NFKC", name))
        text = anyascii(text).lower()
    if "." in text:
        text = _INITIALS.sub(_joined_initials, text)
    text = _MARKS.sub("", _POSSESSIVE.sub("", text))
    return _WORD.findall(text)


def _read_han(run: re.Match[str]) -> str:
    """Signs whose meaning is known as words, the rest by their sound, as one word each."""
    text, read, end = run[0], [], 0
    for word in _HAN_WORD.finditer(text):
        read += [anyascii(text[end : word.start()]), HAN[word[0]]]
        end = word.end()
    read.append(anyascii(text[end:]))
    return f" {' '.join(read)} "


def _joined_initials(initials: re.Match[str]) -> str:
    return initials[0].replace(".", "").replace(" ", "") + " "


def _replaced(words: list[str]) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word in PHRASE_STARTS and (found := _phrase(words, at)):
            text, length = found
            said = " ".join(words[at : at + length])
            tokens += [Token(each, said) for each in text.split()]
            at += length
        elif word in TENS and at + 1 < len(words):
            value, length = _spelt_number(words, at)
            tokens.append(Token(value, " ".join(words[at : at + length])))
            at += length
        else:
            # "X" before a name is an initial, and "i" within one an "and"; behind it, they count.
            may_count = at + 1 == len(words) if word == "i" else at > 0
            tokens.append(Token(_common(word, may_count=may_count), word))
            at += 1
    return tokens


def _phrase(words: list[str], at: int) -> tuple[str, int] | None:
    for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
        if (text := PHRASES.get(tuple(words[at : at + length]))) is not None:
            return text, length
    return None


def _spelt_number(words: list[str], at: int) -> tuple[str, int]:
    tens, after = TENS[words[at]], words[at + 1]
    ones = NUMBERS.get(after, after)
    if len(ones) == 1 and ones.isdigit():
        return str(tens + int(ones)), 2
    return str(tens), 1


def _common(word: str, *, may_count: bool) -> str:
    if (known := COMMON.get(word)) is not None:
        return known.common
    if (number := NUMBERS.get(word)) is not None:
        return number
    if word[0].isdigit():
        return (_ORDINAL.sub(r"\1", word).lstrip("0")) or "0"
    if may_count and len(word) <= 5 and _ROMAN.match(word):
        return str(_roman(word))
    return word


def _roman(word: str) -> int:
    values = [_ROMAN_VALUES[sign] for sign in word]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)
