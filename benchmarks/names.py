"""Names: how well two are told alike, and what a search among 20,000 institutions takes.

``python -m benchmarks.names --data DIR`` reads ``names/name_bench_cases.csv`` below DIR (the name
pairs of opensanctions/nomenklatura, ``contrib/name_bench``, MIT). Without it only times are taken.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.figures import number
from benchmarks.goal import Goal
from benchmarks.table import FORMATS, Block, Row, Table, render
from gateway.packaged import policies_directory
from gateway.screen import snapshot
from gateway.screen.name_form import name_form
from gateway.screen.name_likeness import THRESHOLD, likeness
from gateway.screen.names import Name, NameIndex, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ORGANISATIONS = {"Company", "Organization", "LegalEntity"}
ENTITIES = 20_000
F1 = Goal("≥ 0.90", 0.90, is_least=True)
BUILD = Goal("≤ 2", 2)
QUERY = Goal("≤ 100", 100)
QUESTIONS = (
    "Bauman",
    "Bowman",
    "Skolteck",
    "Institute of Physics",
    "Moscow State University",
    "Московский физико-технический институт",
    "哈尔滨工业大学",
    "دانشگاه صنعتی مالک اشتر",
    "Joint Stock Company Zvezda Research and Production Enterprise named after Ivanov",
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
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """Two names, whether they are one institution's, and which half of all pairs they are in."""

    one: str
    other: str
    is_match: bool

    @property
    def is_for_tuning(self) -> bool:
        pair = f"{self.one}\n{self.other}"
        return not hashlib.sha256(pair.encode()).digest()[0] % 2

    @property
    def score(self) -> float:
        """From 0 to 1, 0 for what nothing distinctive ties together; the better way round."""
        one, other = name_form(self.one), name_form(self.other)
        both = likeness(one, other), likeness(other, one)
        return max(each.score * (each.is_distinctive or each.is_identical) for each in both)


def cases(path: Path) -> list[Case]:
    """The pairs that are organisations'."""
    with path.open(encoding="utf-8") as lines:
        return [
            Case(row["name1"], row["name2"], row["is_match"] == "true")
            for row in csv.DictReader(lines)
            if row["schema"] in ORGANISATIONS
        ]


def accuracy(scored: Iterable[tuple[float, bool]], threshold: float) -> Accuracy:
    held = list(scored)
    right = sum(score >= threshold and is_match for score, is_match in held)
    wrong = sum(score >= threshold and not is_match for score, is_match in held)
    return Accuracy(right, wrong, sum(is_match for _, is_match in held) - right)


def best_threshold(scored: Sequence[tuple[float, bool]]) -> float:
    """The one with the best F1, to two places."""
    return max((step / 100 for step in range(50, 100)), key=lambda at: accuracy(scored, at).f1)


def told_alike(path: Path) -> Block:
    """Precision, recall and F1 on both halves."""
    halves: dict[bool, list[tuple[float, bool]]] = {True: [], False: []}
    for case in cases(path):
        halves[case.is_for_tuning].append((case.score, case.is_match))
    rows = []
    for is_for_tuning, name in ((True, "tuned on"), (False, "the other")):
        found = accuracy(halves[is_for_tuning], THRESHOLD)
        thing = f"{name} ({len(halves[is_for_tuning])} pairs)"
        rows += [
            Row(thing, "precision", {"measured": f"{found.precision:.3f}"}),
            Row(thing, "recall", {"measured": f"{found.recall:.3f}"}),
            Row(thing, "F1", _held(found.f1, F1) if not is_for_tuning else _bare(found.f1)),
        ]
    best = best_threshold(halves[True])
    title = f"names, half and half, threshold {THRESHOLD} (best on the half tuned on: {best})"
    return Block(title, rows)


def searched() -> Block:
    """Seconds for an index of 20,000 institutions, and milliseconds for a question."""
    names = list(made_up(ENTITIES))
    began = time.process_time()
    index = NameIndex(names)
    built = time.process_time() - began
    spent = []
    for question in QUESTIONS:
        began = time.process_time()
        index.search(question)
        spent.append(1000 * (time.process_time() - began))
    return Block(
        f"search, {ENTITIES} institutions, {len(index)} names, CPU",
        [
            Row("index", "build, s", _held(built, BUILD)),
            Row("question", "median, ms", _bare(median(spent))),
            Row("question", "slowest, ms", _held(max(spent), QUERY)),
        ],
    )


def made_up(entities: int) -> Iterable[Name]:
    """Names of the packaged institutions, and made-up ones, three of each."""
    for entity in snapshot.load(policies_directory()).entities.values():
        yield from names_of(entity)
    for at in range(entities):
        digest = hashlib.sha256(str(at).encode()).digest()
        for alias in range(3):
            signs = [SYLLABLES[each % len(SYLLABLES)] for each in digest[alias * 5 : alias * 5 + 5]]
            word, more = "".join(signs[:3]), "".join(signs[3:])
            yield Name(f"made-up-{at}", f"{word} {more} {KINDS[digest[20] % len(KINDS)]}")


def report(data: Path | None) -> Table:
    """All of it; the names only where their file is."""
    path = data / "names" / "name_bench_cases.csv" if data else None
    blocks, notes = [searched()], []
    if path is not None and path.is_file():
        blocks.insert(0, told_alike(path))
    else:
        notes.append(f"names not compared: {path or 'no --data was given'}; its pairs are needed")
    return Table(("measured", "goal", "verdict"), blocks, notes)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.names", description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder that holds names/")
    parser.add_argument("--format", default=FORMATS[0], choices=FORMATS, help="of the table")
    options = parser.parse_args(arguments)
    print(render(report(options.data), options.format))
    return 0


def _held(value: float, goal: Goal) -> dict[str, str]:
    return {**_bare(value), "goal": goal.text, "verdict": goal.verdict(value)}


def _bare(value: float) -> dict[str, str]:
    return {"measured": number(value)}


if __name__ == "__main__":
    sys.exit(main())
