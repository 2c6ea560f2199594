"""Who is written to: the packaged institutions, invented ones beside them, their people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from benchmarks.year.names import FIELDS, PEOPLE, ROLES, TOWNS
from gateway.addresses.address_text import from_text
from gateway.addresses.path_reading import UnreadablePath
from gateway.model import Standing
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path
    from random import Random

    from gateway.model import Entity, Finding
    from gateway.screening.snapshot import Snapshot

INSTITUTIONS = 300
READERS = 24_000

LISTS = (
    ("US-OFAC-SDN", "RUSSIA-EO14024", "us-ofac", "RU", 5),
    ("US-BIS-EL", None, "us-bis", "CN", 5),
    ("US-OFAC-SDN", "NPWMD", "us-ofac", "IR", 2),
    ("EU-FSF", "RUS", "eu-fsf", "RU", 3),
    ("UK-SANCTIONS", "Russia", "uk", "RU", 2),
    ("CA-NRO", None, "ca-nro", "CN", 3),
    ("US-OFAC-NON-SDN", "UKRAINE-EO13662", "us-ofac", "RU", 1),
)


@dataclass(frozen=True, slots=True)
class Correspondent:
    """An address abroad that a verdict is worth writing down of, and that verdict."""

    address: str
    finding: Finding


def write_invented(file: Path, source: Random, number: int) -> tuple[str, ...]:
    """Write an entities file of so many invented institutions; give their ids."""
    names = [f"{town} Institute of {field}" for field in FIELDS for town in TOWNS]
    source.shuffle(names)
    weights = [weight for *_, weight in LISTS]
    ids, lines = [], ["# Invented, for a ledger to measure by.\n"]
    for at, name in enumerate(names[:number]):
        list_, programme, prefix, country, _ = source.choices(LISTS, weights)[0]
        slug = name.lower().replace(" ", "-")
        uid = 90_000 + at
        id_ = f"{prefix}-{slug}" if prefix in ("us-bis", "ca-nro") else f"{prefix}-{uid}"
        ids.append(id_)
        listed = f"20{source.randint(14, 25)}-{source.randint(1, 12):02}-{source.randint(1, 28):02}"
        initials = "".join(word[0] for word in name.lower().split() if word != "of")
        lines += [
            f'\n[[entity]]\nid = "{id_}"\nname = "{name}"\ncountry = "{country}"\n',
            f'  [[entity.listing]]\n  list = "{list_}"\n  source = "invented"\n',
            f"  listed_on = {listed}\n",
            f'  programme = "{programme}"\n  uid = "{uid}"\n' if programme else "",
            f'  [[entity.domain]]\n  name = "{initials}-{at:03}.example"\n  source = "invented"\n',
            '  reviewer = "benchmarks"\n  reviewed_on = 2025-11-01\n',
        ]
    file.write_text("".join(lines), encoding="utf-8")
    return tuple(ids)


class Abroad:
    """The correspondents, by institution; some institutions are written to far more often.

    ``day`` is the one that verdicts are given for.
    """

    def __init__(self, snapshot: Snapshot, source: Random, day: date) -> None:
        self._snapshot = snapshot
        self._day = day
        entities = [entity for entity in snapshot.entities.values() if entity.domains]
        source.shuffle(entities)
        self.places = tuple(
            tuple(self._people(entity, source, max(8, READERS // (8 * (rank + 3)))))
            for rank, entity in enumerate(entities)
        )
        self._weights = list(accumulate(1 / (rank + 6) for rank in range(len(self.places))))

    def some_place(self, source: Random) -> int:
        """Choose an institution: its place in :attr:`places`."""
        return source.choices(range(len(self.places)), cum_weights=self._weights)[0]

    def _people(self, entity: Entity, source: Random, number: int) -> Iterator[Correspondent]:
        names = PEOPLE.get(entity.country or "", PEOPLE["RU"])
        given, surnames = names["given"], names["surnames"]
        seen = set()
        for _ in range(number):
            domain = source.choice(entity.domains).value
            mailbox = f"{source.choice(given)}.{source.choice(surnames)}"
            if source.random() < 0.3:
                mailbox += str(source.randint(2, 99))
            address = _spelt(mailbox, domain, source)
            read = from_text(address)
            if address in seen or isinstance(read.address, UnreadablePath):
                continue
            seen.add(address)
            finding = classify(read, self._snapshot, self._day)
            if finding.standing is not Standing.CLEAR:
                yield Correspondent(address, finding)


def _spelt(mailbox: str, domain: str, source: Random) -> str:
    chance = source.random()
    if chance < 0.55:
        return f"{mailbox}@{domain}"
    if chance < 0.82:
        return f"{mailbox}@{source.choice(('phys', 'mail', 'lab', 'edu', 'staff'))}.{domain}"
    if chance < 0.90:
        return f"{source.choice(ROLES)}@{domain}"
    if chance < 0.95:
        return f"{mailbox}@alumni.{domain}"
    if chance < 0.98:
        # A slip of the keyboard; where it resembles nothing, nobody would have noticed either.
        at = source.randrange(max(1, len(domain.partition(".")[0]) - 1))
        return f"{mailbox}@{domain[:at]}{domain[at + 1 : at + 2]}{domain[at]}{domain[at + 2 :]}"
    return f"{mailbox}={domain}@bounces.example.org"
