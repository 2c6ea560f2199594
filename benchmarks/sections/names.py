"""Names: how well two are told alike, who is found as they are said, and what a search takes.

With ``--data DIR`` the pairs of ``names/name_bench_cases.csv`` below DIR are compared (the name
pairs of opensanctions/nomenklatura, ``contrib/name_bench``, MIT); without, the rest is measured.
"""

from __future__ import annotations

import csv
import hashlib
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.report.goal import Goal, Judgement
from benchmarks.report.table import Block, Table
from benchmarks.sections.measure import COLUMN, Measure, rows_of
from benchmarks.sections.section import Outcome, Section, Setting
from gateway.packaged import policies_directory
from gateway.screening import snapshot
from gateway.screening.names.comparable_form import comparable_form
from gateway.screening.names.name_index import IndexedName, NameIndex, names_of
from gateway.screening.names.similarity import THRESHOLD, name_similarity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

ORGANISATIONS = {"Company", "Organization", "LegalEntity"}
ENTITIES = 20_000
FIRST = 3
"""Among so many answers a person on the telephone looks for the one that was meant."""

SPOKEN = {
    "Bowman": "us-ofac-45919",
    "МГТУ им. Баумана": "us-ofac-45919",
    "МГТУ имени Баумана": "us-ofac-45919",
    "MGTU Bauman": "us-ofac-45919",
    "Koorchatof": "us-ofac-35342",
    "Kurchatof institut": "us-ofac-35342",
    "Skoltekh": "us-ofac-38222",
    "Scoltech": "us-ofac-38222",
    "физтех": "us-ofac-38316",
    "MFTI": "us-ofac-38316",
    "Moscow Fizteh": "us-ofac-38316",
    "Malik Ashtor": "us-ofac-13152",
    "Emam Hossein University": "us-ofac-15537",
    "Tichomirow": "us-ofac-17251",
    "哈尔滨工业大学": "us-bis-harbin-institute-of-technology",
}
"""Packaged institutions as people ask for them, who heard the name or write it in their own way."""

QUESTIONS = (
    *SPOKEN,
    "Institute of Physics",
    "Moscow State University",
    "Московский физико-технический институт",
    "دانشگاه صنعتی مالک اشتر",
    "Joint Stock Company Zvezda Research and Production Enterprise named after Ivanov",
)

MEASURES = (
    Measure("tuned_f1", "pairs that the threshold was tuned on", "F1"),
    Measure("precision", "the other half of the pairs", "precision"),
    Measure("recall", "the other half of the pairs", "recall"),
    Measure(
        "f1", "the other half of the pairs", "F1", goal=Goal("goal ≥ 0.90", 0.90, is_least=True)
    ),
    Measure("best_threshold", f"best threshold; {THRESHOLD} is used", "likeness"),
    Measure(
        "found",
        "asked for as it is said, found in three",
        "of 100",
        100,
        Goal("goal ≥ 90", 90, is_least=True),
    ),
    Measure(
        "build_seconds",
        f"an index of {ENTITIES:,} institutions, ready",
        "CPU s",
        goal=Goal("goal ≤ 2", 2),
    ),
    Measure("median_seconds", "a question, the median", "CPU ms", 1e3),
    Measure("slowest_seconds", "a question, the slowest", "CPU ms", 1e3, Goal("goal ≤ 100", 100)),
)

SYLLABLES = "ba ka mo ri sten ko vol gar ni tash pe lu dor mi shan ze kir ov ja ram".split()  # noqa: SIM905
KINDS = ("Institute of Technology", "LLC", "Trading Company", "University", "JSC", "Plant")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of some labelled pairs: counts, and what follows from them."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of those taken for one, the share that is."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Of those that are one, the share that was taken for it."""
        return self.right / max(self.right + self.missed, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)


@dataclass(frozen=True, slots=True)
class NamePair:
    """Two names, whether they are one institution's, and which half of all pairs they are in."""

    one: str
    other: str
    is_match: bool

    @property
    def is_for_tuning(self) -> bool:
        """Whether it is in the half that the threshold was tuned on; by its names alone."""
        pair = f"{self.one}\n{self.other}"
        return not hashlib.sha256(pair.encode()).digest()[0] % 2

    @property
    def score(self) -> float:
        """From 0 to 1, 0 for what nothing distinctive ties together; the better way round."""
        one, other = comparable_form(self.one), comparable_form(self.other)
        both = name_similarity(one, other), name_similarity(other, one)
        return max(each.score * (each.is_distinctive or each.is_identical) for each in both)


def name_pairs(path: Path) -> list[NamePair]:
    """Read the pairs that are organisations': CSV with ``name1 name2 is_match schema``."""
    with path.open(encoding="utf-8") as lines:
        return [
            NamePair(row["name1"], row["name2"], row["is_match"] == "true")
            for row in csv.DictReader(lines)
            if row["schema"] in ORGANISATIONS
        ]


def accuracy(scored: Iterable[tuple[float, bool]], threshold: float) -> Accuracy:
    """Count, of pairs with score and truth, how many a threshold tells right."""
    held = list(scored)
    right = sum(score >= threshold and is_match for score, is_match in held)
    wrong = sum(score >= threshold and not is_match for score, is_match in held)
    return Accuracy(right, wrong, sum(is_match for _, is_match in held) - right)


def best_threshold(scored: Sequence[tuple[float, bool]]) -> float:
    """Give the threshold with the best F1, to two places."""
    return max((step / 100 for step in range(50, 100)), key=lambda at: accuracy(scored, at).f1)


def run(setting: Setting) -> Outcome:
    """Measure all of it as often as asked for; the pairs once, since they are always the same."""
    path = setting.data / "names" / "name_bench_cases.csv" if setting.data else None
    is_there = path is not None and path.is_file()
    samples: list[dict[str, Any]] = []
    for repetition in range(setting.repetitions):
        setting.tell(f"names: repetition {repetition + 1}")
        sample = {"repetition": repetition, **searched()}
        if path is not None and is_there and repetition == 0:
            sample |= told_alike(path)
        samples.append(sample)
    block, judgements = summary(samples)
    notes = [] if is_there else [f"Names not compared: {path or '--data names no folder'}."]
    return Outcome(Table((COLUMN,), [block], notes), judgements, samples, 0)


def summary(samples: Sequence[Mapping[str, Any]]) -> tuple[Block, list[Judgement]]:
    """Give a row for each measure that was taken, and a row for its goal."""
    rows, judgements = rows_of("names", MEASURES, samples)
    return Block("Names", rows), judgements


def told_alike(path: Path) -> dict[str, float]:
    """Measure how well the pairs of both halves are told alike."""
    halves: dict[bool, list[tuple[float, bool]]] = {True: [], False: []}
    for case in name_pairs(path):
        halves[case.is_for_tuning].append((case.score, case.is_match))
    other = accuracy(halves[False], THRESHOLD)
    return {
        "tuned_f1": accuracy(halves[True], THRESHOLD).f1,
        "precision": other.precision,
        "recall": other.recall,
        "f1": other.f1,
        "best_threshold": best_threshold(halves[True]),
    }


def searched() -> dict[str, float]:
    """Measure CPU seconds for an index and for a question, and the share of those who are found."""
    names = list(made_up(ENTITIES))
    began = time.process_time()
    index = NameIndex(names)
    # The first question of a person makes what only such questions need.
    index.search("Zvezda")
    built = time.process_time() - began
    spent = []
    for question in QUESTIONS:
        began = time.process_time()
        index.search(question)
        spent.append(time.process_time() - began)
    found = [
        meant in {hit.owner for hit in index.search(asked, FIRST)}
        for asked, meant in SPOKEN.items()
    ]
    return {
        "build_seconds": built,
        "median_seconds": median(spent),
        "slowest_seconds": max(spent),
        "found": sum(found) / len(found),
    }


def made_up(entities: int) -> Iterator[IndexedName]:
    """Give the names of the packaged institutions, and of so many made-up ones, three of each."""
    for entity in snapshot.load(policies_directory()).entities.values():
        yield from names_of(entity)
    for at in range(entities):
        digest = hashlib.sha256(str(at).encode()).digest()
        for alias in range(3):
            signs = [SYLLABLES[each % len(SYLLABLES)] for each in digest[alias * 5 : alias * 5 + 5]]
            word, more = "".join(signs[:3]), "".join(signs[3:])
            yield IndexedName(f"made-up-{at}", f"{word} {more} {KINDS[digest[20] % len(KINDS)]}")


SECTION = Section("names", "names told alike, found as they are said, and searched for", run)
