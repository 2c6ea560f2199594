"""The ledger: a year of mail asked, verified, handed out, brought up to date, and written to."""

from __future__ import annotations

import sys
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.host import child
from benchmarks.report.figures import shown, spread
from benchmarks.report.goal import Goal, Judgement
from benchmarks.report.table import Block, Row, Table
from benchmarks.sections.measure import COLUMN, Measure, rows_of
from benchmarks.sections.section import Outcome, Section, Setting
from benchmarks.year.making import make

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

EVENTS, QUICK = 1_000_000, 50_000
A_TENTH = 10

COUNTING = {"warned-often", "false-positives", "blind", "exceptions", "expiring"}
"""Questions that have to look at all there is before they know their first row; stats beside."""

PAGE = Goal("goal ≤ 200", 200)
COUNT = Goal("goal ≤ 1,000", 1000)


MEASURES = (
    Measure("page", "first page, the slowest filter", "ms", 1e3, PAGE),
    Measure("count", "how many fit, the slowest filter", "ms", 1e3, COUNT),
    Measure("question", "a named question, the slowest", "ms", 1e3, PAGE),
    Measure("counting", "one that counts everything, the slowest", "ms", 1e3, COUNT),
    Measure(
        "verified", "verify", "events a second",
        goal=Goal("goal ≥ 100,000", 100_000, is_least=True),
    ),
    Measure("verified_cpu", "the same", "CPU µs an event", 1e6),
    Measure("verify_bytes", "verify, memory at the highest", "MB", 1e-6),
    Measure("verify_growth", "the same ÷ that of a tenth", "", goal=Goal("goal ≤ 1.2", 1.2)),
    Measure("export_seconds", "all of it as CSV", "s"),
    Measure("export_bytes", "the same, memory at the highest", "MB", 1e-6),
    Measure("export_growth", "the same ÷ that of a tenth", "", goal=Goal("goal ≤ 1.2", 1.2)),
    Measure("migrated_seconds", "a ledger of the first release brought up", "s"),
    Measure("today", "matched recipients, this schema", "a CPU s"),
    Measure("first", "matched recipients, the first schema", "a CPU s"),
    Measure("crowd_errors", "100 writers × 100 events", "errors", goal=Goal("goal 0", 0)),  # noqa: RUF001
    Measure("crowd_rate", "the same, a transaction each", "a second"),
    Measure("crowd_longest", "the same, the longest wait", "s"),
)  # fmt: skip


def run(setting: Setting) -> Outcome:
    """Measure a year of mail, made once, as often as asked for."""
    events = QUICK if setting.is_quick else EVENTS
    made = {}
    for name, size in (("year", events), ("tenth", events // A_TENTH)):
        setting.tell(f"ledger: making {size:,} events")
        directory = setting.directory / name
        directory.mkdir()
        made[name] = make(directory, events=size)
    samples: list[dict[str, Any]] = []
    for repetition in range(setting.repetitions):
        setting.tell(f"ledger: repetition {repetition + 1}")
        directory = setting.directory / str(repetition)
        directory.mkdir()
        samples.append(_sample(made["year"], made["tenth"], directory, repetition))
    block, judgements = summary(samples)
    slowest = slowest_of(samples)
    return Outcome(Table((COLUMN,), [block, slowest]), judgements, samples, 0)


def _sample(year: Any, tenth: Any, directory: Path, repetition: int) -> dict[str, Any]:
    pages = child.found("asking", "pages", year.ledger)
    questions = child.found("asking", "questions", year.ledger)
    whole, part = (child.found("asking", "verifying", made.ledger) for made in (year, tenth))
    seconds, peak = _export(year.config)
    _, small = _export(tenth.config)
    crowd = child.found("writing", "crowding", directory)
    return {
        "repetition": repetition,
        "events": whole["events"],
        "pages": pages,
        "questions": questions,
        "page": max(each["page"] for each in pages.values()),
        "count": max(each["count"] for each in pages.values()),
        "question": max(took for name, took in questions.items() if not _counts(name)),
        "counting": max(took for name, took in questions.items() if _counts(name)),
        "verified": whole["events"] / whole["seconds"],
        "verified_cpu": whole["cpu_seconds"] / whole["events"],
        "verify_bytes": whole["bytes"],
        "verify_growth": whole["bytes"] / part["bytes"],
        "export_seconds": seconds,
        "export_bytes": peak,
        "export_growth": peak / small,
        "migrated_seconds": child.found("writing", "migrating", year.ledger, directory)["seconds"],
        **child.found("writing", "appending", directory),
        "crowd_errors": crowd["errors"],
        "crowd_rate": crowd["events"] / crowd["seconds"],
        "crowd_longest": crowd["longest"],
    }


def _counts(name: str) -> bool:
    return name in COUNTING or name.startswith("stats ")


def summary(samples: Sequence[Mapping[str, Any]]) -> tuple[Block, list[Judgement]]:
    """Give a row for each measure, and a row for its goal; at least one sample."""
    rows, judgements = rows_of("ledger", MEASURES, samples)
    return Block(f"A ledger of {samples[0]['events']:,} events", rows), judgements


def slowest_of(samples: Sequence[Mapping[str, Any]], most: int = 6) -> Block:
    """Give the filters and questions that took longest, by the medians, in milliseconds."""
    asked = {
        **{name: [each["pages"][name]["page"] for each in samples] for name in samples[0]["pages"]},
        **{
            f"ask {name}": [each["questions"][name] for each in samples]
            for name in samples[0]["questions"]
        },
    }
    order = sorted(asked, key=lambda name: median(asked[name]), reverse=True)[:most]
    rows = [
        Row(name, "ms", {COLUMN: shown(spread([1000 * each for each in asked[name]]))})
        for name in order
    ]
    return Block("What took longest: the first page of filters and questions", rows)


def _export(config: Path) -> tuple[float, float]:
    """All of a ledger as CSV: CPU seconds, and memory at the highest."""
    command = ["-m", "gateway", "audit", "export", "--format", "csv", "--pseudonyms"]
    return child.used([sys.executable, *command, "--config", str(config)], name="the export")


SECTION = Section("ledger", "a year's ledger asked, verified, exported and written", run)
