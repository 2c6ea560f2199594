"""``monition config check``: all that would keep the gateway from starting or from reloading."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway import packaged
from gateway.cli.policy import notes
from gateway.cli.shared import sources
from gateway.cli.shared.options import config_option, example, format_option
from gateway.cli.shared.tables import emit, say
from gateway.config import Config, examine, find, surroundings
from gateway.document import Document
from gateway.errors import ConfigError, Fault, FaultyFile
from gateway.list_store.files.paths import Folder
from gateway.list_store.imports import own_domain_guard
from gateway.list_store.snapshots import example_check, in_force
from gateway.notices.text_check import check as check_notices
from gateway.policy import rules as policy

if TYPE_CHECKING:
    from collections.abc import Sized
    from datetime import date
    from pathlib import Path

    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot


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
    """Load what the gateway would, each part for itself, so that all faults are told."""
    folder = config.policies.directory
    if not folder.is_dir():
        return
    rules = listed = None
    try:
        rules = policy.load(folder)
        report.checked.append(f"{folder}: {_count(rules.rules, 'rule')}")
    except FaultyFile as error:
        report.faults += error.faults
    try:
        listed = _check_lists(config, report)
    except FaultyFile as error:
        report.faults += error.faults
    if rules and listed:
        today = datetime.now(UTC).date()
        report.remarks += notes(rules, listed, today)
        _check_examples(folder, report, rules, listed, today)
    # A text is filled in with the configuration's own values, so those must be sound.
    if is_sound:
        report.faults += check_notices(folder, config)
        report.checked.append(f"{folder}: notices in {', '.join(config.notices.languages)}")


def _check_lists(config: Config, report: _Report) -> Snapshot:
    """Give the snapshot that would serve, with what is wrong in the lists. Raises as it does."""
    folder = Folder(config.lists.directory)
    found = in_force.served(config.policies.directory, folder, datetime.now(UTC))
    report.faults += found.faults
    if found.faults:
        report.remarks.append(f"note: {found.instead}")
    entities = _count(found.snapshot.entities, "entity", "entities")
    report.checked.append(f"{config.policies.directory}: {entities}")
    for line in own_domain_guard.own_domains(config.institution.domains, found.snapshot):
        report.remarks.append(f"Warning: {line}.")
    return found.snapshot


def _check_examples(
    folder: Path, report: _Report, rules: Rules, listed: Snapshot, today: date
) -> None:
    failed = example_check.failures(rules, listed, today)
    report.faults += example_check.faults(failed, "example failed")
    report.checked.append(f"{folder}: {_count(rules.examples, 'example')}")


def _count(things: Sized, one: str, many: str | None = None) -> str:
    return f"1 {one}" if len(things) == 1 else f"{len(things)} {many or one + 's'}"
