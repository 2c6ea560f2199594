"""``monition config check``: all that would keep the gateway from starting or from reloading."""

from __future__ import annotations

import os
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway import packaged
from gateway.cli.shared.options import config_option, example, format_option
from gateway.cli.shared.tables import emit, print_message
from gateway.compliance.previews.check_configuration import check_configuration
from gateway.config import find
from gateway.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.command(
    "check",
    epilog=example("monition config check", "monition config check -c new.toml --format json"),
)
@config_option
@format_option()
@click.pass_context
def command(context: click.Context, config_file: Path | None, output_format: str) -> None:
    """Tell every fault at once: configuration, policies, imported lists and notice texts.

    Loads what `monition serve` would, and puts the policy's examples to the test. Each fault is
    told as `file:line: key: what is wrong`. Ends with 0 where there is none, with 1 where there is
    any, with 2 where the file can't be read at all.
    """
    file = find(config_file, os.environ)
    checked = check_configuration(file, datetime.now(UTC))
    _print_faults(checked.faults, output_format)
    for remark in checked.remarks:
        print_message(remark)
    if count := len(checked.faults):
        print_message("1 fault found." if count == 1 else f"{count} faults found.")
        context.exit(1)
    for line in checked.looked_at:
        print_message(f"{line}: no fault")
    if file == packaged.default_configuration():
        print_message(
            "These are the packaged defaults, for an example institution: copy and edit them."
        )


def _print_faults(faults: Sequence[Fault], output_format: str) -> None:
    if output_format == "table":
        for fault in faults:
            click.echo(str(fault))
        return
    columns = [each.name for each in fields(Fault)]
    rows = ({name: getattr(fault, name) for name in columns} for fault in faults)
    emit(rows, columns=columns, format=output_format)
