"""All that would keep a gateway from starting or from reloading, told at once (P5).

What `monition serve` would load is loaded, each part for itself, and the policy's examples are put
to the test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.compliance.previews.try_policy import notes
from gateway.compliance.sanction_lists import list_sources
from gateway.compliance.sanction_lists.current_lists import current_lists
from gateway.config import examine, machine_faults
from gateway.document import Document
from gateway.errors import ConfigError, Fault, FaultyFile
from gateway.list_store.imports.own_domain_guard import listed_own_domains
from gateway.list_store.snapshots import example_check
from gateway.notices.text_check import check as check_notices
from gateway.policy import rules as policy

if TYPE_CHECKING:
    from collections.abc import Sized
    from datetime import date, datetime
    from pathlib import Path

    from gateway.config import Config
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ConfigurationCheck:
    """What a check found, what it looked at, and what is odd without being wrong.

    ``faults`` are sorted by file, the configuration's first, then by line. ``looked_at`` and
    ``remarks`` are lines for people.
    """

    faults: tuple[Fault, ...]
    looked_at: tuple[str, ...]
    remarks: tuple[str, ...]


def check_configuration(file: Path, at: datetime) -> ConfigurationCheck:
    """Check a configuration and the policies, lists and notice texts that it names.

    Raises :class:`ConfigError` where the file can't be opened; all else that is wrong is told in
    the answer.
    """
    checking = _Checking(at)
    try:
        document = Document.read(file)
    except ConfigError as error:
        if isinstance(error.__cause__, OSError):
            raise
        checking.faults += error.faults
    else:
        config, checking.faults = examine(document)
        faulty = {fault.key for fault in checking.faults}
        found = [*machine_faults(config), *list_sources.faults(config)]
        checking.faults += [fault for fault in found if fault.key not in faulty]
        checking.looked_at.append(f"{file}: the configuration")
        checking.policies(config, is_sound=not faulty)
    faults = sorted(dict.fromkeys(checking.faults), key=lambda fault: _place(fault, str(file)))
    return ConfigurationCheck(tuple(faults), tuple(checking.looked_at), tuple(checking.remarks))


def _place(fault: Fault, first: str) -> tuple[bool, str, float]:
    """Sort by file, the configuration's first, then by line; what has none comes last."""
    return fault.file != first, fault.file, fault.line or float("inf")


class _Checking:
    """Looks at one part after the other, and gathers what there is to tell."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self.faults: list[Fault] = []
        self.looked_at: list[str] = []
        self.remarks: list[str] = []

    def policies(self, config: Config, *, is_sound: bool) -> None:
        """Load what the gateway would, so that all faults are told."""
        folder = config.policies.directory
        if not folder.is_dir():
            return
        rules = listed = None
        try:
            rules = policy.load(folder)
            self.looked_at.append(f"{folder}: {_count(rules.rules, 'rule')}")
        except FaultyFile as error:
            self.faults += error.faults
        try:
            listed = self._lists(config)
        except FaultyFile as error:
            self.faults += error.faults
        if rules and listed:
            today = self._at.date()
            self.remarks += notes(rules, listed, today)
            self._examples(folder, rules, listed, today)
        # A text is filled in with the configuration's own values, so those must be sound.
        if is_sound:
            self.faults += check_notices(folder, config)
            self.looked_at.append(f"{folder}: notices in {', '.join(config.notices.languages)}")

    def _lists(self, config: Config) -> Snapshot:
        """Give the snapshot that would serve, and gather what is wrong in the lists."""
        found = current_lists(config, self._at)
        self.faults += found.damage
        if found.instead_text is not None:
            self.remarks.append(f"note: {found.instead_text}")
        entities = _count(found.snapshot.entities, "entity", "entities")
        self.looked_at.append(f"{config.policies.directory}: {entities}")
        for line in listed_own_domains(config.institution.domains, found.snapshot):
            self.remarks.append(f"Warning: {line}.")
        return found.snapshot

    def _examples(self, folder: Path, rules: Rules, listed: Snapshot, today: date) -> None:
        failed = example_check.failed_examples(rules, listed, today)
        self.faults += example_check.faults(failed, "example failed")
        self.looked_at.append(f"{folder}: {_count(rules.examples, 'example')}")


def _count(things: Sized, one: str, many: str | None = None) -> str:
    return f"1 {one}" if len(things) == 1 else f"{len(things)} {many or one + 's'}"
