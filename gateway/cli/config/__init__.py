"""``monition config``: check the configuration, or show what is in force and where it is from."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.config import check
from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.tables import emit, has_colour, say
from gateway.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@click.group()
def command() -> None:
    """Check the configuration, or show what is in force."""


command.add_command(check.command)


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
