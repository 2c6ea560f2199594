"""``monition config show``: what is in force, and where each value is from."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.tables import emit, has_colour, print_message
from gateway.compliance.effective_settings import effective_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.compliance.effective_settings import Setting
    from gateway.config import Config

COLUMNS = ("key", "value", "source", "line")


@click.command(
    "show", epilog=example("monition config show", "monition config show --format json | jq .key")
)
@config_option
@format_option(("toml", "json", "csv", "table"))
def command(config_file: Path | None, output_format: str) -> None:
    """Show the whole effective configuration, and where each value comes from.

    As TOML it can be used as a configuration again.
    """
    config = load_config(config_file)
    settings = list(effective_settings(config))
    if output_format != "toml":
        shown = [asdict(each) | {"value": _shown(each.value, output_format)} for each in settings]
        emit(shown, columns=COLUMNS, format=output_format)
        return
    _print_toml(config, settings)


def _shown(value: object, output_format: str) -> object:
    return ", ".join(value) if isinstance(value, list) and output_format == "table" else value


def _print_toml(config: Config, settings: Sequence[Setting]) -> None:
    print_message(f"The configuration in force, read from {config.file}:")
    width = max(len(_assignment(each)) for each in settings)
    section = ""
    for each in settings:
        home, _, _ = each.key.partition(".")
        if home != section:
            click.echo(f"\n[{home}]" if section else f"[{home}]")
            section = home
        source = "default" if each.line is None else f"{config.file.name}:{each.line}"
        note = "left out" if each.value is None else source
        text = f"{_assignment(each).ljust(width)}  # {note}"
        click.secho(text, dim=each.line is None) if has_colour(sys.stdout) else click.echo(text)
    for name in ("desk", "metrics", "console"):
        if getattr(config, name) is None:
            click.echo(f"\n# [{name}] is left out: nothing listens")


def _assignment(setting: Setting) -> str:
    """Write `key = value`; JSON's texts, numbers and lists of texts are TOML's too."""
    key = setting.key.partition(".")[2]
    if setting.value is None:
        return f"# {key} ="
    if isinstance(setting.value, dict):
        pairs = (f"{name} = {json.dumps(text)}" for name, text in setting.value.items())
        return f"{key} = {{ {', '.join(pairs)} }}" if setting.value else f"{key} = {{}}"
    return f"{key} = {json.dumps(setting.value, ensure_ascii=False)}"
