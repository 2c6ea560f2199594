"""What people and institutions are called: ``names.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

_ALL = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

STAFF: dict[str, list[str]] = {key: words.split() for key, words in _ALL["staff"].items()}
"""``given`` and ``surnames`` of the university's own."""

PEOPLE: dict[str, dict[str, list[str]]] = {
    country: {key: words.split() for key, words in people.items()}
    for country, people in _ALL["people"].items()
}
"""``given`` and ``surnames`` abroad, by country."""

TOWNS: list[str] = _ALL["institutions"]["towns"].split()
FIELDS: list[str] = _ALL["institutions"]["fields"]
ROLES: list[str] = _ALL["institutions"]["roles"].split()
