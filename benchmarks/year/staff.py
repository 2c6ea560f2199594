"""Who sends: the university's people, their departments, and how often each writes abroad."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from benchmarks.year.names import STAFF

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

DOMAIN = "example.edu"
PEOPLE = 3000

DEPARTMENTS = (
    ("Physics", "physics", 16),
    ("Chemistry", "chem", 11),
    ("Mechanical Engineering", "mech", 10),
    ("Electrical Engineering", "ee", 10),
    ("Computer Science", "cs", 10),
    ("Mathematics", "math", 9),
    ("Materials Science", "materials", 7),
    ("Aerospace Engineering", "aero", 5),
    ("Earth Sciences", "earth", 5),
    ("Biology", "bio", 5),
    ("Medicine", "med", 4),
    ("Nuclear Engineering", "nuclear", 3),
    ("Slavic Studies", "slavic", 3),
    ("East Asian Studies", "eastasia", 3),
    ("Economics", "econ", 3),
    ("History", "history", 2),
    ("Library", "library", 2),
    ("International Office", "international", 2),
)


@dataclass(frozen=True, slots=True)
class Person:
    """``department`` is ``None`` for one whom the university's list of departments leaves out."""

    address: str
    department: str | None


class Staff:
    """The people, the busiest correspondents first: by Zipf's law, flattened at its head."""

    def __init__(self, source: Random, number: int = PEOPLE) -> None:
        self.people = _people(source, number)
        weights = (1 / (rank + 12) ** 1.05 for rank in range(number))
        self._weights = list(accumulate(weights))

    def somebody(self, source: Random) -> int:
        """Choose one of them: the place in :attr:`people`."""
        return source.choices(range(len(self.people)), cum_weights=self._weights)[0]

    def write_departments(self, file: Path) -> None:
        """Write what the university knows of them: CSV with ``sender,department``."""
        with file.open("w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(("sender", "department"))
            rows.writerows(
                (each.address, each.department) for each in self.people if each.department
            )


def _people(source: Random, number: int) -> Sequence[Person]:
    names = [(given, surname) for given in STAFF["given"] for surname in STAFF["surnames"]]
    source.shuffle(names)
    weights = [weight for _, _, weight in DEPARTMENTS]
    people = []
    for given, surname in names[:number]:
        department, label, _ = source.choices(DEPARTMENTS, weights)[0]
        mailbox = f"{given}.{surname}".lower()
        at = f"{label}.{DOMAIN}" if source.random() < 0.4 else DOMAIN
        known = department if source.random() < 0.93 else None
        people.append(Person(f"{mailbox}@{at}", known))
    return people
