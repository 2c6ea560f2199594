"""Domain labels as an eye reads them: what looks alike has one skeleton.

The idea is that of Unicode's UTS #39, section 4; the table is our own and short. It holds the
letters of other scripts that are drawn like Latin ones, and the ASCII pairs that are mistaken for
each other (``1`` for ``l``, ``rn`` for ``m``).
"""

from __future__ import annotations

import unicodedata

# By the Latin letter that each is drawn like, in lower case: Cyrillic, Greek, Armenian, Latin.
_DRAWN_LIKE = {
    "a": "\u0430\u0251\u03b1",
    "b": "\u044c\u0185",
    "c": "\u0441\u03f2",
    "d": "\u0501\u0257\u0111",
    "e": "\u0435\u0454\u04bd",
    "f": "\u0192",
    "g": "\u0261\u0581",
    "h": "\u04bb\u0570\u0127",
    "i": "\u0456\u0131\u03b9\u0269",
    "j": "\u0458\u03f3",
    "k": "\u043a\u03ba",
    "l": "\u04cf\u01c0\u0142",
    "m": "\u043c",
    "n": "\u043f\u057c\u0578",
    "o": "\u043e\u03bf\u03c3\u0585\u00f8",
    "p": "\u0440\u03c1",
    "q": "\u051b\u0566",
    "r": "\u0433\uab47",
    "s": "\u0455\ua731",
    "t": "\u0442\u03c4\u0167",
    "u": "\u03c5\u057d\u028b",
    "v": "\u0475\u03bd",
    "w": "\u051d\u0561\u03c9",
    "x": "\u0445\u03c7",
    "y": "\u0443\u04af\u03b3",
    "z": "\u1d22",
    "3": "\u0437\u04e1",
    "4": "\u0447",
    "6": "\u0431",
}
_LATIN = {ord(sign): latin for latin, signs in _DRAWN_LIKE.items() for sign in signs}

# In one pass over ASCII: what is taken for another sign at a glance. "i" is "I" in capitals.
_GLANCED = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s"})
_PAIRS = (("rn", "m"), ("vv", "w"))


def skeleton(label: str) -> str:
    """Give the skeleton of one label in normal form (an A-label is read as what it shows)."""
    if label.startswith("xn--"):
        label = u_label(label)
    if not label.isascii():
        label = _as_latin(label)
    found = label.translate(_GLANCED)
    for pair, sign in _PAIRS:
        found = found.replace(pair, sign)
    return found


def u_label(label: str) -> str:
    """Give what an A-label shows to a person; the label itself where it is none, or a broken one.

    In lower case, as IDNA has it (RFC 5892 section 2.3).
    """
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode").lower()
    except UnicodeError:
        return label


def _as_latin(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return bare.translate(_LATIN)
