"""Lower case as the ledger's tables have it: addresses are sought by it. Pure."""

from __future__ import annotations


def fold(text: str) -> str:
    """Lower case for ASCII letters alone: what SQLite's lower() does."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
