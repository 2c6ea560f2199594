"""Invented domains and addresses, the same in every run."""

from __future__ import annotations

import random
from itertools import accumulate

SYLLABLES = [first + second for first in "bcdfghklmnprstvz" for second in "aeiou"]
SUFFIXES = ("ru", "edu.cn", "ac.ir", "com", "org", "ac.ru", "by", "cn")
PROVIDERS = ("gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "icloud.com")
AT_PROVIDERS = 0.3
"""The part of outgoing mail that goes to providers of personal mail."""

COMMON = 3_000
"""Domains that the rest goes to, the second half as often as the first, and so on (Zipf)."""


def domains(count: int, seed: int) -> list[str]:
    """Give so many different domains, of two to six syllables, in alphabetical order."""
    chance = random.Random(seed)
    found: set[str] = set()
    while len(found) < count:
        label = "".join(chance.choices(SYLLABLES, k=chance.randint(2, 6)))
        if chance.random() < 0.3:
            label += chance.choice(["-", "", ""]) + chance.choice("nrst")
        found.add(f"{label}.{chance.choice(SUFFIXES)}")
    return sorted(found)


def as_in_mail(count: int, seed: int) -> list[str]:
    """Give addresses whose domains repeat as those of a university's outgoing mail do."""
    chance = random.Random(seed)
    names = domains(COMMON, seed)
    chance.shuffle(names)
    weights = [*accumulate(1 / rank for rank in range(1, COMMON + 1))]
    rest = chance.choices(names, cum_weights=weights, k=count)
    return [
        f"jane.doe{number}@{chance.choice(PROVIDERS) if chance.random() < AT_PROVIDERS else domain}"
        for number, domain in enumerate(rest)
    ]


def all_different(count: int, seed: int) -> list[str]:
    """Give addresses of which no two have one domain."""
    return [f"jane.doe{number}@{name}" for number, name in enumerate(domains(count, seed))]
