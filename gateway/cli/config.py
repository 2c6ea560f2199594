"""``monition config``: check the configuration, or show what is in force and where it is from."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from gateway import packaged
from gateway.cli import sources
from gateway.cli.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.output import emit, has_colour, say
from gateway.cli.policy import notes
from gateway.config import Config, examine, find, surroundings
from gateway.document import Document
from gateway.errors import ConfigError, Fault, FaultyFile
from gateway.notice.check import check as check_notices
from gateway.policy import rules as policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized
    from pathlib import Path


@click.group()
def command() -> None:
    """Check the configuration, or show what is in force."""


# ── check ────────────────────────────────────────────────────────────────────────────────────


@command.command(
    epilog=example("monition config check", "monition config check -c new.toml --format json")
)
@config_option
@format_option()
@click.pass_context
def check(context: click.Context, config_file: Path | None, output_format: str) -> None:
    """Tell every fault at once: configuration, policies, entities and notice texts.

    Each as `file:line: key: what is wrong`. Ends with 0 where there is none, with 1 where there
    is any, with 2 where the file can't be read at all.
    """
    file = find(config_file, os.environ)
    report = _Report()
    try:
        document = Document.read(file)
    except ConfigError as error:
        if isinstance(error.__cause__, OSError):
            raise
        report.faults += error.faults
    else:
        config, report.faults = examine(document)
        faulty = {fault.key for fault in report.faults}
        found = [*surroundings(config), *sources.faults(config)]
        report.faults += [fault for fault in found if fault.key not in faulty]
        report.checked.append(f"{file}: the configuration")
        _check_policies(config, report, is_sound=not faulty)
    faults = sorted(dict.fromkeys(report.faults), key=lambda fault: _place(fault, str(file)))
    _print_faults(faults, output_format)
    for remark in report.remarks:
        say(remark)
    if faults:
        say(f"{_count(faults, 'fault')} found.")
        context.exit(1)
    for line in report.checked:
        say(f"{line}: no fault")
    if file == packaged.default_configuration():
        say("These are the packaged defaults, for an example institution: copy and edit them.")


def _place(fault: Fault, first: str) -> tuple[bool, str, float]:
    """Sort by file, the configuration's first, then by line; what has none comes last."""
    return fault.file != first, fault.file, fault.line or float("inf")


def _print_faults(faults: list[Fault], output_format: str) -> None:
    if output_format == "table":
        for fault in faults:
            click.echo(str(fault))
        return
    columns = [each.name for each in fields(Fault)]
    rows = ({name: getattr(fault, name) for name in columns} for fault in faults)
    emit(rows, columns=columns, format=output_format)


@dataclass
class _Report:
    """What a check found, what it looked at, and what is odd without being wrong."""

    faults: list[Fault] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def _check_policies(config: Config, report: _Report, *, is_sound: bool) -> None:
    """Load what the policies' folder holds, each part for itself, so that all faults are told."""
    folder = config.policies.directory
    if not folder.is_dir():
        return
    rules = snapshot = None
    try:
        rules = policy.load(folder)
        report.checked.append(f"{folder}: {_count(rules.rules, 'rule')}")
    except FaultyFile as error:
        report.faults += error.faults
    try:
        snapshot = load_snapshot(config)
        report.checked.append(f"{folder}: {_count(snapshot.entities, 'entity', 'entities')}")
    except FaultyFile as error:
        report.faults += error.faults
    if rules and snapshot:
        report.remarks += notes(rules, snapshot, datetime.now(UTC).date())
    # A text is filled in with the configuration's own values, so those must be sound.
    if is_sound:
        report.faults += check_notices(folder, config)
        report.checked.append(f"{folder}: notices in {', '.join(config.notices.languages)}")


def _count(things: Sized, one: str, many: str | None = None) -> str:
    return f"1 {one}" if len(things) == 1 else f"{len(things)} {many or one + 's'}"


# ── show ─────────────────────────────────────────────────────────────────────────────────────


@command.command(
    epilog=example("monition config show", "monition config show --format json | jq .key")
)
@config_option
@format_option(("toml", "json", "csv", "table"))
def show(config_file: Path | None, output_format: str) -> None:
    """Show the whole effective configuration, and where each value comes from.

    As TOML it can be used as a configuration again.
    """
    config = load_config(config_file)
    rows = list(_settings(config))
    if output_format != "toml":
        columns = ("key", "value", "source", "line")
        shown = [row | {"value": _shown(row["value"], output_format)} for row in rows]
        emit(shown, columns=columns, format=output_format)
        return
    _print_toml(config, rows)


def _settings(config: Config) -> Iterator[dict[str, Any]]:
    """Each key of each section that is configured: its value, its source, its line there."""
    for section in fields(Config):
        part = getattr(config, section.name)
        if section.name in {"file", "lines"} or part is None:
            continue
        for setting in fields(part):
            key = f"{section.name}.{setting.name.rstrip('_')}"
            line = config.lines.get(key)
            yield {
                "key": key,
                "value": _bare(getattr(part, setting.name)),
                "source": "default" if line is None else str(config.file),
                "line": line,
            }


def _bare(value: object) -> str | int | list[str] | dict[str, str] | None:
    """Give a setting in the form that a file would write it."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        # One address reads as it was written, not as a network of one.
        return [str(item).removesuffix("/32").removesuffix("/128") for item in value]
    return str(value)


def _shown(value: object, output_format: str) -> object:
    return ", ".join(value) if isinstance(value, list) and output_format == "table" else value


def _print_toml(config: Config, rows: list[dict[str, Any]]) -> None:
    say(f"The configuration in force, read from {config.file}:")
    width = max(len(_assignment(row)) for row in rows)
    section = ""
    for row in rows:
        home, _, _ = row["key"].partition(".")
        if home != section:
            click.echo(f"\n[{home}]" if section else f"[{home}]")
            section = home
        source = "default" if row["line"] is None else f"{config.file.name}:{row['line']}"
        note = "left out" if row["value"] is None else source
        text = f"{_assignment(row).ljust(width)}  # {note}"
        click.secho(text, dim=row["line"] is None) if has_colour(sys.stdout) else click.echo(text)
    for name in ("desk", "metrics", "console"):
        if getattr(config, name) is None:
            click.echo(f"\n# [{name}] is left out: nothing listens")


def _assignment(row: dict[str, Any]) -> str:
    """Write `key = value`; JSON's texts, numbers and lists of texts are TOML's too."""
    key = row["key"].partition(".")[2]
    if row["value"] is None:
        return f"# {key} ="
    if isinstance(row["value"], dict):
        pairs = (f"{name} = {json.dumps(text)}" for name, text in row["value"].items())
        return f"{key} = {{ {', '.join(pairs)} }}" if row["value"] else f"{key} = {{}}"
    return f"{key} = {json.dumps(row['value'], ensure_ascii=False)}"
