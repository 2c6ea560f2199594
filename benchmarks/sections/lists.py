"""Sanction lists and screening: reading, loading, verdicts one by one and in bulk, a swap."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.host import child
from benchmarks.report.figures import number
from benchmarks.report.goal import Goal, Judgement
from benchmarks.report.table import Block, Table
from benchmarks.sections.measure import COLUMN, Measure, rows_of
from benchmarks.sections.section import Outcome, Section, Setting
from benchmarks.tasks import addresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SOURCE = "us-ofac-sdn"
FILES = ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")
MANY, QUICK = 300_000, 60_000

CONFIGURATION = """\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "compliance@example.edu"
[lists]
directory = "{lists}"
[policies]
directory = "{policies}"
"""


MEASURES = (
    Measure("import_seconds", "OFAC's CSV set into a snapshot", "CPU s", goal=Goal("goal ≤ 5", 5)),
    Measure("import_bytes", "the same, peak memory", "MB", 1e-6, Goal("goal ≤ 300", 300)),
    Measure("load_seconds", "that snapshot from its file", "CPU ms", 1e3, Goal("goal ≤ 500", 500)),
    Measure("cold_seconds", "a verdict, 100,000 listed, cold", "µs", 1e6, Goal("goal ≤ 20", 20)),
    Measure("cached_seconds", "the same, cached", "µs", 1e6, Goal("goal ≤ 1", 1)),
    Measure("bytes", "that snapshot in memory", "MB", 1e-6),
    Measure(
        "json_mail", "check -, json, domains as in mail", "a CPU s",
        goal=Goal("goal ≥ 100,000", 100_000, is_least=True),
    ),
    Measure(
        "json_different", "check -, json, no domain twice", "a CPU s",
        goal=Goal("goal ≥ 30,000", 30_000, is_least=True),
    ),
    Measure(
        "csv_mail", "check -, csv, domains as in mail", "a CPU s",
        goal=Goal("goal ≥ 100,000", 100_000, is_least=True),
    ),
    Measure(
        "csv_different", "check -, csv, no domain twice", "a CPU s",
        goal=Goal("goal ≥ 30,000", 30_000, is_least=True),
    ),
    Measure("made_seconds", "longest pause in a swap, made anew", "ms", 1e3, Goal("goal ≤ 50", 50)),
    Measure("kept_seconds", "longest pause in a swap, loaded", "ms", 1e3, Goal("goal ≤ 50", 50)),
    Measure("idle_seconds", "longest pause of an idle loop", "ms", 1e3),
    Measure("listed", "not listed, called listed", "domains", goal=Goal("goal 0", 0)),
    Measure("review", "not listed, for review", "domains"),
    Measure("review_share", "the same", "%", 100, Goal("goal < 0.1", 0.1)),
    Measure("clear", "not listed, clear", "domains"),
)  # fmt: skip


def run(setting: Setting) -> Outcome:
    """Take each measure in a process of its own; what needs the real lists only where they are."""
    samples: list[dict[str, Any]] = []
    reason = _missing(setting.data)
    for repetition in range(setting.repetitions):
        setting.tell(f"lists: repetition {repetition + 1}")
        directory = setting.directory / str(repetition)
        directory.mkdir()
        config = directory / "monition.toml"
        lists = directory / "lists"
        config.write_text(CONFIGURATION.format(lists=lists, policies=child.ROOT / "policies"))
        sample = {"repetition": repetition, **_errand("classifying")}
        if setting.data is not None and reason is None:
            sample |= _imported(setting.data, config)
            loading = _errand("loading", lists)
            sample |= {"load_seconds": loading["seconds"], "entities": loading["entities"]}
            if repetition == 0:
                sample |= _others(lists, setting.data)
        sample |= _checked(setting, directory, config)
        if reason is None:
            sample |= _errand("swapping", config)
        samples.append(sample)
    block, judgements = summary(samples)
    notes = [f"Not measured: {reason}."] if reason else []
    return Outcome(Table((COLUMN,), [block], notes), judgements, samples, 0)


def summary(samples: Sequence[Mapping[str, Any]]) -> tuple[Block, list[Judgement]]:
    """Give a row for each measure that was taken, and a row for its goal."""
    rows, judgements = rows_of("lists", MEASURES, samples)
    entities = max((each.get("entities", 0) for each in samples), default=0)
    title = f"Lists and screening; OFAC's set gives {number(entities)} institutions"
    return Block(title if entities else "Lists and screening", rows), judgements


def _missing(data: Path | None) -> str | None:
    if data is None:
        return "reading, loading and swapping real lists, for which --data must name a folder"
    absent = [name for name in FILES if not (data / "ofac" / name).is_file()]
    return f"{data} has no {', '.join(f'ofac/{name}' for name in absent)}" if absent else None


def _imported(data: Path, config: Path) -> dict[str, float]:
    files = [str(data / "ofac" / name) for name in FILES]
    arguments = ["lists", "import", *files, "--source", SOURCE]
    seconds, peak = _monition(arguments, config)
    return {"import_seconds": seconds, "import_bytes": peak}


def _others(lists: Path, data: Path) -> dict[str, float]:
    wanted = [data / "universities", data / "ror"]
    if not all(each.is_dir() for each in wanted):
        return {}
    counts = _errand("others", lists, data)
    whole = counts["listed"] + counts["review"] + counts["clear"]
    return {**counts, "review_share": counts["review"] / whole}


def _checked(setting: Setting, directory: Path, config: Path) -> dict[str, float]:
    """Addresses a CPU second, less what a run takes for a single one."""
    count = QUICK if setting.is_quick else MANY
    makers = {"mail": addresses.as_in_mail, "different": addresses.all_different}
    found = {}
    for name, make in makers.items():
        (directory / name).write_text("".join(f"{each}\n" for each in make(count, seed=9)))
    (directory / "one").write_text("jane.doe@example.org\n")
    for form in ("json", "csv"):
        arguments = ["check", "--format", form, "-"]
        start, _ = _monition(arguments, config, directory / "one")
        for name in makers:
            seconds, _ = _monition(arguments, config, directory / name)
            found[f"{form}_{name}"] = count / (seconds - start)
    return found


def _monition(arguments: list[str], config: Path, said: Path | None = None) -> tuple[float, float]:
    """Run the command; its CPU seconds, and its memory at the highest."""
    command = [sys.executable, "-P", "-m", "gateway", *arguments, "--config", str(config)]
    return child.used(command, said, name=f"monition {arguments[0]}")


def _errand(name: str, *arguments: Path) -> dict[str, Any]:
    """Have something measured by benchmarks/screening.py, and how long all of it took."""
    began = time.monotonic()
    found = child.found("screening", name, *arguments)
    return {**found, f"{name}_took": time.monotonic() - began}


SECTION = Section("lists", "reading lists, and verdicts one by one and in bulk", run)
